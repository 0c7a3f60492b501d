import { isIPv6 } from 'node:net';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { handOver } from '../../src/connect/hand-over.ts';
import type { WrittenCertificate } from '../certificate.ts';
import { table } from './columns.ts';
import { visible } from './visible.ts';

/** What was made, how the daemon shows it, and what callers need. `config` is the configuration's file. */
export function certificateText(made: WrittenCertificate, config: string): string[] {
  const file = visible(basename(made.cert));
  const url = `https://${host(made.hosts[0] ?? '')}:8642/sync`;
  return [
    `A certificate for ${made.hosts.join(', ')} that nobody has signed but itself, for a first try.`,
    '',
    ...table(
      [
        ['certificate', visible(made.cert)],
        ['key', visible(made.key)],
        ['SHA-256', made.fingerprint],
        ['valid until', `${made.expires.toISOString().slice(0, 16).replace('T', ' ')} UTC`],
      ],
      { indent: 2 },
    ),
    '',
    'The line below "server" in the configuration; the daemon speaks HTTPS after its next start:',
    '',
    `  ${tlsLine(made, config)}`,
    '',
    'Only you can read the key. Where the daemon is a service of systemd, that hands it over:',
    `  ${visible(handOver(resolve(made.key), 'server.tls.key'))}.`,
    'Elsewhere let a group that the daemon is in read it (chgrp, chmod 640).',
    '',
    `OMFLOW's server has to trust the certificate. Copy ${file} there, never the key, and add it to what it trusts:`,
    '',
    ...table(
      [
        ['Java', `keytool -importcert -cacerts -storepass changeit -noprompt -alias rosterd -file ${file}`],
        ['Debian, Ubuntu', `cp ${file} /usr/local/share/ca-certificates/ && update-ca-certificates`],
        ['Red Hat', `cp ${file} /etc/pki/ca-trust/source/anchors/ && update-ca-trust`],
        ['Node', `NODE_EXTRA_CA_CERTS=${file}`],
      ],
      { indent: 2 },
    ),
    '',
    'A try from there; curl asks for the token:',
    '',
    `  curl --cacert ${file} -u omflow -X POST ${url}`,
  ];
}

/** The same for scripts. */
export const certificateObject = (made: WrittenCertificate, config: string): object => ({
  ...made,
  line: tlsLine(made, config),
});

function tlsLine({ cert, key }: WrittenCertificate, config: string): string {
  const folder = dirname(resolve(config));
  return `tls: { cert: ${yamlPath(cert, folder)}, key: ${yamlPath(key, folder)} }`;
}

/** Paths in a configuration count from its folder. */
function yamlPath(file: string, folder: string): string {
  const near = relative(folder, file);
  const path = near.startsWith('..') || isAbsolute(near) ? file : near;
  return /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
}

const host = (name: string) => (isIPv6(name) ? `[${name}]` : name);
