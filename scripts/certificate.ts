import { KeyObject, type webcrypto, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { domainToASCII } from 'node:url';
import { UsageError } from './exit.ts';

/** What a certificate is to be like. */
export interface CertificateWish {
  /** Names and addresses by which callers know this server; at least one, as `hostOf` gives them. */
  readonly hosts: readonly string[];
  /** For how long, counted from now. */
  readonly days: number;
  readonly now: Date;
}

/** A certificate that is its own authority, and its key; both in PEM form. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

/** A certificate in its files. */
export interface WrittenCertificate {
  readonly hosts: readonly string[];
  readonly cert: string;
  readonly key: string;
  /** SHA-256 in hex, with colons. */
  readonly fingerprint: string;
  readonly expires: Date;
}

/** A host as certificates have it. Throws a UsageError for what is neither a name nor an address. */
export function hostOf(text: string): string {
  if (isIP(text) > 0 && !text.includes('%')) return text.toLowerCase();
  const name = domainToASCII(text.replace(/^\*\./, ''));
  if (/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    return text.startsWith('*.') ? `*.${name}` : name;
  }
  throw new UsageError(
    `"${text}" is not the name or address of a host; write it without a port, as in rosterd.example or 10.0.0.5`,
  );
}

/** Clocks of callers may be behind ours. In milliseconds. */
const BEFORE = 3_600_000;
const DAY = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Makes a certificate with a new key. It can sign no other: who trusts it trusts these hosts and no more. */
export async function makeCertificate({ hosts, days, now }: CertificateWish): Promise<SelfSigned> {
  // It looks for what this adds to Reflect, and brings nothing along for it.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const [first = ''] = hosts;
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    // A name longer than 64 characters may not stand there, and nobody looks for it there.
    name: [{ CN: [first.length > 64 ? 'rosterd' : first] }],
    notBefore: new Date(now.getTime() - BEFORE),
    notAfter: new Date(now.getTime() + days * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(hosts.map(host => ({ type: isIP(host) ? 'ip' : 'dns', value: host }))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${made.toString('pem').trimEnd()}\n`, key: pemOf(keys.privateKey) };
}

const pemOf = (key: webcrypto.CryptoKey) => KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

export interface Place {
  readonly folder: string;
  /** True lets the files take the place of those that are there. */
  readonly force: boolean;
}

/** Makes a certificate for these hosts in two files named after the first. Throws a UsageError where they may not be. */
export async function writeCertificate(wish: CertificateWish, place: Place): Promise<WrittenCertificate> {
  const files = placesFor(wish.hosts, place);
  const made = await makeCertificate(wish);
  // A daemon that shows the old one may look in between; it waits until both fit.
  writeWhole(files.key, made.key, 0o600);
  writeWhole(files.cert, made.cert, 0o644);
  const { fingerprint256, validToDate } = new X509Certificate(made.cert);
  return { hosts: wish.hosts, ...files, fingerprint: fingerprint256, expires: validToDate };
}

function placesFor([host = '']: readonly string[], { folder, force }: Place): { cert: string; key: string } {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`there is no folder ${folder}; make it first, or name another one with --out`);
  }
  const name = host.replace('*', '_').replaceAll(':', '-');
  // Debian's trust store takes only files that end so.
  const files = { cert: resolve(join(folder, `${name}.crt`)), key: resolve(join(folder, `${name}.key`)) };
  const there = Object.values(files).filter(file => existsSync(file));
  if (there.length > 0 && !force) {
    throw new UsageError(
      `${there.join(' and ')} ${there.length > 1 ? 'are' : 'is'} there already; name another folder with --out, or let --force replace both`,
    );
  }
  return files;
}

/** A file that is there as a whole or not at all, whatever happens on the way. */
function writeWhole(file: string, text: string, mode: number): void {
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  try {
    writeFileSync(partial, text, { mode, flag: 'wx', flush: true });
    chmodSync(partial, mode);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
