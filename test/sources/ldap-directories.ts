import { connect, createServer, type Socket } from 'node:net';
import type { Source } from '../../src/sources/source.ts';
import { listening } from '../logins/listening.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { directory, entry } from '../support/slapd.ts';
import { opened } from './configured.ts';

const { suffix, reader } = directory;

/** The source that a run would make of this block, as the service account where the block does not say who asks. */
export const ldap = (block: Readonly<Record<string, unknown>>): Source =>
  opened({ name: 'ad', type: 'ldap', bind: reader, ...block });

/** A branch of its own for a test, with everything in it: LDIF to add. */
export function branch(name: string, inside: readonly string[] = []): { base: string; ldif: string } {
  const base = branchDn(name);
  return { base, ldif: [entry(base, { objectClass: 'organizationalUnit', ou: name }), ...inside].join('\n') };
}

export const branchDn = (name: string) => `ou=${name},${suffix}`;

/** A person right below `base`. */
export function person(
  base: string,
  uid: string,
  more: Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>> = {},
): string {
  const objectClass = ['inetOrgPerson', 'extensibleObject'];
  return entry(`uid=${uid},${base}`, { objectClass, uid, cn: uid, sn: uid, mail: `${uid}@corp.example`, ...more });
}

export const numbered = (count: number, of: (number: number) => string) =>
  Array.from({ length: count }, (_, place) => of(place + 1));

/** What may fail, in front of a server. */
export const behindProxy = (url: string): Promise<FaultProxy> =>
  startFaultProxy({ host: '127.0.0.1', port: Number(new URL(url).port) });

/** Passes everything on to a server, and counts the connections that clients have open. */
export async function counted(url: string): Promise<AsyncDisposable & { readonly url: string; readonly open: number }> {
  const open = new Set<Socket>();
  const server = createServer(client => {
    open.add(client);
    const upstream = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => client.destroy());
    client.on('error', () => {}).on('close', () => open.delete(client) && upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  const { port, [Symbol.asyncDispose]: dispose } = await listening(server);
  return {
    url: `ldap://127.0.0.1:${port}`,
    get open() {
      return open.size;
    },
    [Symbol.asyncDispose]: dispose,
  };
}
