import { createPrivateKey, hash, type KeyObject, type X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { handOver } from '../connect/hand-over.ts';
import { firstCertificate, readPem, type WaysOut } from '../connect/pem.ts';
import { chainWarnings } from './chain.ts';
import { ageWarnings } from './expiry.ts';
import { type PemPair, secureOptions } from './tls.ts';

/** Where a certificate and its key are. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** The folder of systemd's credentials: what is in it is guarded by the folder. */
  readonly credentials?: string | undefined;
}

/** What a certificate says of itself. */
export interface CertificateFacts {
  /** Names and addresses that it is for, as it has them. */
  readonly names: readonly string[];
  readonly from: Date;
  readonly expires: Date;
}

/** A certificate that the server can show. */
export interface Certificate extends CertificateFacts {
  readonly pair: PemPair;
  /** SHA-256, in hex, of the certificate's file: another one has another. */
  readonly digest: string;
  /** Why callers may refuse it, or will soon; each begins with the setting. */
  readonly warnings: readonly string[];
}

const CERT = 'server.tls.cert';
const KEY = 'server.tls.key';

const MAKE: WaysOut = { ENOENT: 'for a first try, "rosterd certificate HOST" makes one' };
const keyWays = (key: string): WaysOut => ({
  ...MAKE,
  EACCES: `${handOver(key, KEY)}; or let a group that the daemon is in read it: chgrp GROUP and chmod 640`,
});
const CERT_WAYS: WaysOut = { ...MAKE, EACCES: 'a certificate is no secret: chmod 644' };

/**
 * The certificate that the server shows. Throws an error with the setting, the file, what is wrong and the way out. One that
 * has expired, or is not valid yet, is usable with a warning: who trusts it all the same shall be able to log in.
 */
export function readCertificate(files: CertificateFiles, now: Date): Certificate {
  return certificateOf(readPair(files), files, now);
}

/** What both files hold, whatever that is. Throws an error for one that cannot or must not be read. */
export function readPair(files: CertificateFiles): PemPair {
  const cert = readPem(CERT, files.cert, CERT_WAYS);
  const key = readPem(KEY, files.key, keyWays(files.key));
  mustBeGuarded(files);
  return { cert, key };
}

/** What the files' texts come to; errors as those of `readCertificate`. */
export function certificateOf(pair: PemPair, files: CertificateFiles, now: Date): Certificate {
  const chain = chainIn(pair.cert, files.cert);
  const key = keyIn(pair.key, files.key);
  const [leaf] = chain;
  if (!leaf.checkPrivateKey(key)) throw new Error(wrongKey(files, chain, key));
  mustPlease(pair, files);
  const facts = factsOf(leaf);
  const told = [...ageWarnings(facts, now), ...chainWarnings(chain)];
  return {
    ...facts,
    pair,
    digest: hash('sha256', pair.cert),
    warnings: told.map(text => `${CERT}: ${files.cert} ${text}`),
  };
}

/** What a certificate's file says; the key is not needed for it. Throws an error as `readCertificate` does. */
export const readFacts = (cert: string): CertificateFacts => factsOf(firstIn(readPem(CERT, cert, CERT_WAYS), cert));

function factsOf(leaf: X509Certificate): CertificateFacts {
  return { names: namesOf(leaf), from: leaf.validFromDate, expires: leaf.validToDate };
}

/** A certificate without other names goes by that of its subject. */
function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const names = [...(subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^\s,"]+)/g)].map(([, name = '']) => name);
  const [, common] = /^CN=(.+)$/m.exec(subject ?? '') ?? [];
  return names.length > 0 || common === undefined ? names : [common];
}

const firstIn = (pem: string, file: string) => firstCertificate(CERT, file, pem);

const BLOCK = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[\s\S]+?-----END \1-----/g;

/** Every certificate of a file, as they stand in it. */
function chainIn(pem: string, file: string): [X509Certificate, ...X509Certificate[]] {
  const [, ...others] = pem.match(BLOCK) ?? [];
  return [firstIn(pem, file), ...others.map(one => firstIn(one, file))];
}

function keyIn(pem: string, file: string): KeyObject {
  // OpenSSL would ask for the passphrase on a terminal that nobody is at.
  if (/^(-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED)/m.test(pem)) {
    throw new Error(
      `${KEY}: ${file} is locked with a passphrase, which nobody is there to type; write it without: openssl pkey -in ${file} -out FILE`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new Error(`${KEY}: ${file} holds no private key in PEM form`, { cause: error });
  }
}

function wrongKey({ cert, key: file }: CertificateFiles, chain: readonly X509Certificate[], key: KeyObject): string {
  return chain.some(one => one.checkPrivateKey(key))
    ? `${CERT}: ${cert} does not begin with the certificate of ${file}; put that first, then those between it and the authority`
    : `${KEY}: ${file} is the key to another certificate than ${cert}; name two files that were made together`;
}

/** What OpenSSL takes no part in: keys that are too short, signatures that are too weak. */
function mustPlease(pair: PemPair, { cert }: CertificateFiles): void {
  try {
    createSecureContext(secureOptions(pair));
  } catch (error) {
    const { reason, message } = error as Error & { readonly reason?: string };
    throw new Error(`${CERT}: ${cert} is refused by OpenSSL (${reason ?? message}); have another one made`, {
      cause: error,
    });
  }
}

function mustBeGuarded({ key, credentials }: CertificateFiles): void {
  if (dirname(key) === credentials || (statSync(key).mode & 0o007) === 0) return;
  throw new Error(`${KEY}: ${key} is open to everybody on this machine; run: chmod 640 ${key}`);
}
