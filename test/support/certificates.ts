import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './program.ts';

/** Files in PEM form: a private authority, and the certificate and key of a server it vouches for. */
export interface Certificates {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const serverExtensions = (address: string) => `subjectAltName = DNS:localhost, IP:${address}
extendedKeyUsage = serverAuth
basicConstraints = CA:FALSE
`;

/** New certificates in `folder`, for a server called localhost or by this address, valid for a week. */
export async function makeCertificates(folder: string, address = '127.0.0.1'): Promise<Certificates> {
  const file = (name: string) => join(folder, name);
  const ca = { cert: file('ca.pem'), key: file('ca.key') };
  const server = { cert: file('server.pem'), key: file('server.key'), request: file('server.csr') };
  await writeFile(file('server.cnf'), serverExtensions(address));
  await openssl(['req', '-x509', ...newKey, '-days', '7', '-subj', '/CN=rosterd test authority'], ca.key, ca.cert);
  await openssl(['req', ...newKey, '-subj', '/CN=localhost'], server.key, server.request);
  const signing = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial', '-extfile', file('server.cnf'), '-days', '7'];
  await openssl(['x509', '-req', '-in', server.request, ...signing], undefined, server.cert);
  return { caFile: ca.cert, certFile: server.cert, keyFile: server.key };
}

async function openssl(args: readonly string[], keyOut: string | undefined, out: string): Promise<void> {
  const done = await runProgram('openssl', [...args, ...(keyOut ? ['-keyout', keyOut] : []), '-out', out]);
  if (done.code !== 0) throw new Error(`openssl ${args.join(' ')} failed:\n${done.stderr}`);
}
