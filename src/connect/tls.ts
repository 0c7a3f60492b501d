import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsConfig } from '../config/connections.ts';

/** How to speak TLS with one server, in the words that both `node:tls` and mysql2's `ssl` take. */
export interface TlsOptions {
  readonly minVersion: 'TLSv1.2';
  readonly rejectUnauthorized: true;
  /** For mysql2, which otherwise takes any trusted certificate whatever name it bears; `node:tls` always looks. */
  readonly verifyIdentity: true;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * The TLS settings of one block of the configuration, with its files read: each time, so that a renewed certificate
 * counts from the next connection on. Certificates are always verified. `server_name` is not in it, because who connects
 * must weigh it against the host of the URL. Throws an error that names the setting and the file.
 */
export function tlsOptions(config: TlsConfig): TlsOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    verifyIdentity: true,
    ...authority(config),
    ...own(config),
  };
}

function authority({ ca_file }: TlsConfig): { ca?: string } {
  if (ca_file === undefined) return {};
  const ca = readPem('ca_file', ca_file);
  mustHold('ca_file', ca_file, ca);
  return { ca };
}

/** Our own certificate and its key, where there is one. */
function own({ cert_file, key_file }: TlsConfig): { cert?: string; key?: string } {
  if (cert_file === undefined && key_file === undefined) return {};
  if (cert_file === undefined) throw new Error('tls.cert_file: is missing; key_file is of no use without it');
  if (key_file === undefined) throw new Error('tls.key_file: is missing; cert_file is of no use without it');
  const pair = { cert: readPem('cert_file', cert_file), key: readPem('key_file', key_file) };
  mustHold('cert_file', cert_file, pair.cert);
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new Error(`tls.key_file: ${key_file} is not the PEM key to ${cert_file} (${(error as Error).message})`);
  }
  return pair;
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'rosterd may not read it',
  EISDIR: 'is a folder, not a file',
};

function readPem(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new Error(`tls.${setting}: ${file}: ${UNREADABLE[code] ?? message}`, { cause: error });
  }
}

/** Node takes any text for `ca` without a word and then trusts nobody, so we look for ourselves. */
function mustHold(setting: string, file: string, pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new Error(`tls.${setting}: ${file} holds no certificate in PEM form`, { cause: error });
  }
}
