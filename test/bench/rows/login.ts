import { readFileSync } from 'node:fs';
import { Client } from 'ldapts';
import { ldapAuthenticator } from '../../../src/logins/ldap/authenticator.ts';
import { ldapConfig } from '../../logins/configured.ts';
import { directory } from '../../support/slapd.ts';
import { directoryServer } from '../ground.ts';
import type { Row } from '../row.ts';
import { sideBySide } from '../side-by-side.ts';

/** Logins at once. */
const IN_FLIGHT = 16;

/** Logins a second that a directory decides over LDAPS, beside a new connection and bind for each. */
export const login: Row = {
  name: 'login',
  sizes: 'none',
  async measure({ effort }) {
    await using server = await directoryServer();
    const url = server.ldapsUrl;
    const bind_dn = `uid={username},${directory.peopleDn}`;
    await using authenticator = ldapAuthenticator(ldapConfig({ url: [url], tls: { ca_file: server.caFile }, bind_dn }));
    const ca = readFileSync(server.caFile);
    const both = await sideBySide(
      {
        ours: () => rate(effort.asked, (name, password) => checked(authenticator, name, password)),
        yardstick: () => rate(effort.asked, (name, password) => freshBind({ url, ca, name, password })),
      },
      effort.repeats,
    );
    const work = 'logins over LDAPS, 16 at once / a fresh bind for each';
    return [{ work, size: '–', unit: 'logins/s', ...both, target: { atLeast: 5 } }];
  },
};

const PEOPLE = directory.people.filter(({ dn }) => dn.startsWith('uid='));

/** Logins a second, by several who begin the next one when theirs has ended. */
async function rate(milliseconds: number, check: (name: string, password: string) => Promise<void>): Promise<number> {
  const began = performance.now();
  let done = 0;
  const one = async (_: unknown, place: number) => {
    for (let turn = place; performance.now() - began < milliseconds; turn += 1) {
      const { uid = '', password = '' } = PEOPLE[turn % PEOPLE.length] ?? {};
      await check(uid, password);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  return (done / (performance.now() - began)) * 1000;
}

type Checker = ReturnType<typeof ldapAuthenticator>;

async function checked(authenticator: Checker, name: string, password: string): Promise<void> {
  const { signal } = new AbortController();
  const verdict = await authenticator.check(name, password, { signal });
  if (verdict.status !== 'accepted') throw new Error(`${name} may not log in: ${verdict.why}`);
}

interface Bind {
  readonly url: string;
  readonly ca: Buffer;
  readonly name: string;
  readonly password: string;
}

async function freshBind({ url, ca, name, password }: Bind): Promise<void> {
  const client = new Client({ url, tlsOptions: { ca } });
  await client.bind(`uid=${name},${directory.peopleDn}`, password);
  await client.unbind();
}
