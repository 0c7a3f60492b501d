import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificates } from './certificates.ts';
import { temporaryFolder } from './folder.ts';
import { freePort, isListening } from './port.ts';
import { firstInstalled, runProgram, startProgram } from './program.ts';
import { type Launch, Server } from './server.ts';
import { sharedAddress } from './shared.ts';

const suffix = 'dc=corp,dc=example';

/** Who is in each directory, and by which password each can bind. Only those who bound can search. */
export const directory = {
  suffix,
  peopleDn: `ou=people,${suffix}`,
  root: { dn: `cn=admin,${suffix}`, password: 'root-secret' },
  /** A service account. */
  reader: { dn: `cn=reader,${suffix}`, password: 'reader-secret' },
  people: [
    { uid: 'a.lin', cn: 'Ada Lin', sn: 'Lin', dn: `uid=a.lin,ou=people,${suffix}`, password: 'lin-secret' },
    { uid: 'm.chen', cn: 'Mei Chen', sn: 'Chen', dn: `uid=m.chen,ou=people,${suffix}`, password: 'chen-secret' },
    { uid: 'j.wu', cn: '吳 Jing', sn: '吳', dn: `uid=j.wu,ou=people,${suffix}`, password: 'wü-密碼' },
    {
      uid: 'b.okafor',
      cn: 'Okafor, Ben "Benny"',
      sn: 'Okafor',
      dn: `cn=Okafor\\2C Ben \\22Benny\\22,ou=people,${suffix}`,
      password: 'okafor-secret',
    },
  ],
} as const;

export interface SlapdOptions {
  /** Lets a bind without a DN or with an empty password succeed, as anonymous: what a login must not take for a success. */
  readonly allowUnauthenticatedBind?: boolean;
  /** Shows everybody everything but passwords, even those who have not bound. */
  readonly anonymousRead?: boolean;
  /** The most entries a search gives before it ends with sizeLimitExceeded (4); root's searches are not limited. */
  readonly sizeLimit?: number;
  /** More attributes, as definitions like `( 1.2.3 NAME 'x' SYNTAX … )`; entries that are an extensibleObject may have them. */
  readonly attributeTypes?: readonly string[];
  /** Limits of accounts, as slapd.conf writes them: `dn.exact="cn=…" size.prtotal=unlimited`. */
  readonly limits?: readonly string[];
  /** Overlays of the database, such as `memberof`. */
  readonly overlays?: readonly string[];
  /** Locks an account after so many wrong passwords, as the overlay ppolicy does. */
  readonly lockAfter?: number;
}

/** Where an LDAP server is. */
export interface SlapdAddress {
  /** `ldap://127.0.0.1:PORT`, which also understands StartTLS. */
  readonly url: string;
  readonly ldapsUrl: string;
  /** The authority, in PEM, of its certificate for 127.0.0.1 and localhost. */
  readonly caFile: string;
}

/** A private OpenLDAP server on loopback that holds `directory`. Disposing of it removes its data. */
export interface Slapd extends SlapdAddress, AsyncDisposable {
  readonly pid: number;
  /** Adds entries, or makes the changes where the LDIF has `changetype`, as root. */
  add(ldif: string): Promise<void>;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Sends a signal and waits until the server is gone, or stands still; SIGCONT is only sent. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again, on the same ports and data. */
  start(): Promise<void>;
}

/** The server that the whole test run shares. Others use it at the same time: add entries only to one of your own. */
export function sharedSlapd(): SlapdAddress {
  return {
    url: sharedAddress('ROSTERD_TEST_LDAP_URL'),
    ldapsUrl: sharedAddress('ROSTERD_TEST_LDAPS_URL'),
    caFile: sharedAddress('ROSTERD_TEST_LDAP_CA'),
  };
}

export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const { caFile } = await prepare(folder.path, options);
  const ports = { ldap: await freePort(), ldaps: await freePort() };
  const server = starting.use(await Server.start(launch(folder.path, ports)));
  const owned = starting.move();
  const url = `ldap://127.0.0.1:${ports.ldap}`;
  return {
    url,
    ldapsUrl: `ldaps://127.0.0.1:${ports.ldaps}`,
    caFile,
    get pid() {
      return server.pid;
    },
    add: ldif => addEntries(url, ldif),
    stop: () => server.kill('SIGTERM'),
    kill: signal => server.kill(signal),
    start: () => server.start(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Makes the certificates, the configuration and the seeded database. */
async function prepare(folder: string, options: SlapdOptions): Promise<{ caFile: string }> {
  const certificates = await makeCertificates(folder);
  const data = join(folder, 'data');
  await mkdir(data);
  await writeFile(configIn(folder), configuration(data, certificates, options));
  const seeded = await firstInstalled(['slapadd'], name =>
    runProgram(name, ['-q', '-f', configIn(folder)], { input: seed(options) }),
  );
  if (seeded.code !== 0) throw new Error(`slapadd failed:\n${seeded.stderr}`);
  return certificates;
}

function configIn(folder: string): string {
  return join(folder, 'slapd.conf');
}

function configuration(
  data: string,
  certificates: { caFile: string; certFile: string; keyFile: string },
  options: SlapdOptions,
): string {
  const { attributeTypes = [], limits = [], lockAfter } = options;
  const overlays = [...(options.overlays ?? []), ...(lockAfter === undefined ? [] : ['ppolicy'])];
  const schema = theThere(['/etc/ldap/schema', '/etc/openldap/schema', '/usr/local/etc/openldap/schema']);
  const modules = ['/usr/lib/ldap', '/usr/lib64/openldap'].find(folder => existsSync(join(folder, 'back_mdb.la')));
  const lines = [
    ...['core', 'cosine', 'inetorgperson'].map(name => `include ${schema}/${name}.schema`),
    // Where the module is not there, the database is built in.
    ...(modules ? [`modulepath ${modules}`, ...['back_mdb', ...overlays].map(name => `moduleload ${name}`)] : []),
    ...attributeTypes.map(definition => `attributetype ${definition}`),
    `TLSCACertificateFile ${certificates.caFile}`,
    `TLSCertificateFile ${certificates.certFile}`,
    `TLSCertificateKeyFile ${certificates.keyFile}`,
    ...(options.allowUnauthenticatedBind ? ['allow bind_anon_dn bind_anon_cred'] : []),
    `sizelimit ${options.sizeLimit ?? 'unlimited'}`,
    'database mdb',
    `suffix ${suffix}`,
    `rootdn ${directory.root.dn}`,
    `rootpw ${directory.root.password}`,
    `directory ${data}`,
    'maxsize 1073741824',
    'dbnosync',
    'index objectClass,uid eq',
    ...limits.map(line => `limits ${line}`),
    'access to attrs=userPassword by anonymous auth by * none',
    `access to * by users read by * ${options.anonymousRead ? 'read' : 'none'}`,
    ...overlays.map(name => `overlay ${name}`),
    ...(lockAfter === undefined ? [] : [`ppolicy_default ${POLICY}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function theThere(folders: readonly string[]): string {
  const found = folders.find(folder => existsSync(folder));
  if (found === undefined) throw new Error(`OpenLDAP's schema is in none of ${folders.join(', ')}`);
  return found;
}

const POLICY = `cn=policy,${suffix}`;

function seed({ lockAfter }: SlapdOptions): string {
  const { reader, peopleDn, people } = directory;
  const policy = {
    objectClass: ['device', 'pwdPolicy'],
    cn: 'policy',
    pwdAttribute: 'userPassword',
    pwdLockout: 'TRUE',
    pwdMaxFailure: String(lockAfter),
  };
  return [
    entry(suffix, { objectClass: ['dcObject', 'organization'], dc: 'corp', o: 'Corp' }),
    entry(reader.dn, {
      objectClass: ['organizationalRole', 'simpleSecurityObject'],
      cn: 'reader',
      userPassword: reader.password,
    }),
    entry(peopleDn, { objectClass: 'organizationalUnit', ou: 'people' }),
    ...people.map(({ dn, uid, cn, sn, password }) =>
      entry(dn, {
        objectClass: 'inetOrgPerson',
        uid,
        cn,
        sn,
        mail: `${uid}@corp.example`,
        userPassword: password,
      }),
    ),
    ...(lockAfter === undefined ? [] : [entry(POLICY, policy)]),
  ].join('\n');
}

/** An entry as LDIF. Everything is in Base64, so that nothing needs quoting. */
export function entry(
  dn: string,
  attributes: Readonly<Record<string, string | Buffer | readonly (string | Buffer)[]>>,
): string {
  const line = (name: string, value: string | Buffer) =>
    `${name}:: ${(typeof value === 'string' ? Buffer.from(value) : value).toString('base64')}\n`;
  const lines = Object.entries(attributes).flatMap(([name, values]) => [values].flat().map(value => line(name, value)));
  return line('dn', dn) + lines.join('');
}

async function addEntries(url: string, ldif: string): Promise<void> {
  const { dn, password } = directory.root;
  const done = await firstInstalled(['ldapmodify'], name =>
    runProgram(name, ['-a', '-x', '-H', url, '-D', dn, '-w', password], { input: ldif, env: { LDAPNOINIT: '1' } }),
  );
  if (done.code !== 0) throw new Error(`ldapmodify failed:\n${done.stderr}`);
}

function launch(folder: string, ports: { ldap: number; ldaps: number }): Launch {
  const urls = `ldap://127.0.0.1:${ports.ldap} ldaps://127.0.0.1:${ports.ldaps}`;
  // A debug level, even none, keeps it from going to the background, and has it say what is wrong.
  const args = ['-f', configIn(folder), '-h', urls, '-d', 'none'];
  return {
    start: () => firstInstalled(['slapd'], name => startProgram(name, args)),
    async ready(server) {
      await server.waitFor(/slapd starting/, 30_000);
      // It says so just before it listens.
      for (let attempt = 0; attempt < 500; attempt++) {
        if (await isListening(ports.ldap)) return;
        await sleep(10);
      }
      throw server.failure('does not listen');
    },
  };
}
