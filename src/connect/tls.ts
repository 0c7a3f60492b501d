import { createSecureContext } from 'node:tls';
import type { TlsConfig } from '../config/connections.ts';
import { firstCertificate, readPem } from './pem.ts';

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
  const ca = readPem('tls.ca_file', ca_file);
  // Node takes any text for `ca` without a word and then trusts nobody.
  firstCertificate('tls.ca_file', ca_file, ca);
  return { ca };
}

/** Our own certificate and its key, where there is one. */
function own({ cert_file, key_file }: TlsConfig): { cert?: string; key?: string } {
  if (cert_file === undefined && key_file === undefined) return {};
  if (cert_file === undefined) throw new Error('tls.cert_file: is missing; key_file is of no use without it');
  if (key_file === undefined) throw new Error('tls.key_file: is missing; cert_file is of no use without it');
  const pair = { cert: readPem('tls.cert_file', cert_file), key: readPem('tls.key_file', key_file) };
  firstCertificate('tls.cert_file', cert_file, pair.cert);
  try {
    createSecureContext(pair);
  } catch (error) {
    throw new Error(`tls.key_file: ${key_file} is not the PEM key to ${cert_file} (${(error as Error).message})`);
  }
  return pair;
}
