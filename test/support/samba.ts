import { randomInt } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Certificates, makeCertificates } from './certificates.ts';
import { temporaryFolder } from './folder.ts';
import { isFree, isListening } from './port.ts';
import { runProgram, startProgram } from './program.ts';
import { type Launch, Server } from './server.ts';
import { entry } from './slapd.ts';

/** Somebody of the domain: `name` is the sAMAccountName, and stands before the `@corp.example` of the userPrincipalName. */
export interface Account {
  readonly name: string;
  readonly password: string;
  /** What else the entry has, or has instead of the usual. */
  readonly attributes?: Readonly<Record<string, string | Buffer>>;
}

const usual = 0x200; // a person's account
const disabled = 0x2;
const neverExpires = 0x10000; // the password

const base = 'DC=corp,DC=example';

/** The domain CORP, `corp.example`, and its accounts: two that may log in, and one for each reason why somebody may not. */
export const domain = {
  base,
  /** So many wrong passwords lock an account, for half an hour. */
  lockoutThreshold: 5,
  /** A service account. */
  reader: { name: 'reader', password: 'Reader-secret-1' },
  usable: { name: 'a.lin', password: 'Lin-secret-1' },
  unusual: { name: '吳靜.ü', password: ' wü:密"碼😀\\%2a Aa1 ' },
  mayBeLocked: { name: 'm.chen', password: 'Chen-secret-1' },
  expired: { name: 'expired', password: 'Expired-secret-1', attributes: { userAccountControl: `${usual}` } },
  mustChange: {
    name: 'must-change',
    password: 'Must-secret-1',
    attributes: { userAccountControl: `${usual}`, pwdLastSet: '0' },
  },
  disabled: {
    name: 'disabled',
    password: 'Disabled-secret-1',
    attributes: { userAccountControl: `${usual | neverExpires | disabled}` },
  },
  ended: { name: 'ended', password: 'Ended-secret-1', attributes: { accountExpires: fileTime('2020-12-31') } },
  atNoHour: { name: 'at-no-hour', password: 'Hours-secret-1', attributes: { logonHours: Buffer.alloc(21) } },
  elsewhere: { name: 'elsewhere', password: 'Where-secret-1', attributes: { userWorkstations: 'OTHERPC' } },
} as const satisfies Record<string, Account | string | number>;

/** A time as Active Directory stores it: in units of 100 ns since 1601. */
function fileTime(date: string): string {
  return String((BigInt(Date.parse(date)) - BigInt(Date.parse('1601-01-01'))) * 10_000n);
}

/** The userPrincipalName of an account, by which it can bind. */
export function principalOf({ name }: Account): string {
  return `${name}@corp.example`;
}

/** The DN of an account. */
export function dnOf({ name }: Account): string {
  return `CN=${name},CN=Users,${base}`;
}

/** A private domain controller on a loopback address of its own that holds `domain`. Disposing of it removes its data. */
export interface Samba extends AsyncDisposable {
  /** `ldap://127.X.Y.Z`, which takes a password only after StartTLS. */
  readonly url: string;
  readonly ldapsUrl: string;
  /** The authority, in PEM, of its certificate for that address. */
  readonly caFile: string;
  /** How many wrong passwords in a row the domain counts for an account. */
  wrongPasswords(account: Account): Promise<number>;
}

/** The interpreter that Samba's own programs use: another may lack Samba's modules. */
const python = '/usr/bin/python3';

/** Why no domain controller can be had here; undefined where one can. */
export function sambaMissing(): string | undefined {
  if (process.platform !== 'linux') return 'a domain controller needs Linux, where all of 127.0.0.0/8 is loopback';
  if (process.getuid?.() !== 0) return 'a domain controller needs root, for the ports of LDAP';
  const folders = (process.env['PATH'] ?? '').split(':');
  const isThere = folders.some(folder => existsSync(join(folder, 'samba'))) && existsSync(python);
  const modules = globSync('/usr/lib*/{,*/}samba/ldb/samldb.so');
  if (!isThere || modules.length === 0) return 'the package samba-ad-dc is not installed';
  if (!existsSync('/usr/share/samba/setup/ad-schema')) return 'the package samba-ad-provision is not installed';
  return undefined;
}

/** Takes some seconds, nearly all for the schema; where {@link sambaMissing} gives a reason, it fails. */
export async function startSamba(): Promise<Samba> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const address = await freeAddress();
  const certificates = await makeCertificates(folder.path, address);
  await makeDomain(folder.path, address, certificates);
  starting.use(await Server.start(launch(folder.path, address)));
  const owned = starting.move();
  const ldapsUrl = `ldaps://${address}`;
  const { caFile } = certificates;
  return {
    url: `ldap://${address}`,
    ldapsUrl,
    caFile,
    wrongPasswords: account => wrongPasswords(account, ldapsUrl, caFile),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Its ports are fixed, so two of them need two addresses. */
async function freeAddress(): Promise<string> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
    if ((await isFree(389, address)) && (await isFree(636, address))) return address;
  }
  throw new Error('the ports of LDAP, 389 and 636, cannot be had on any address of 127.0.0.0/8');
}

async function makeDomain(folder: string, address: string, certificates: Certificates): Promise<void> {
  const smbConf = configIn(folder);
  await writeFile(smbConf, configuration(folder, address, certificates));
  const input = JSON.stringify({ smbConf, ...directory() });
  const script = join(import.meta.dirname, 'samba-domain.py');
  // -I: nothing of this environment or folder is taken for a module of Python's.
  const made = await runProgram(python, ['-I', script], { input, deadlineMs: 100_000 });
  if (made.code !== 0) throw new Error(`the Samba domain could not be made:\n${made.stderr}`);
}

function configIn(folder: string): string {
  return join(folder, 'smb.conf');
}

function configuration(folder: string, address: string, { caFile, certFile, keyFile }: Certificates): string {
  const own = ['private dir', 'lock directory', 'state directory', 'cache directory', 'pid directory', 'ncalrpc dir'];
  const lines = [
    '[global]',
    'netbios name = DC1',
    'workgroup = CORP',
    'realm = CORP.EXAMPLE',
    'server role = active directory domain controller',
    'server services = ldap',
    `interfaces = ${address}/8`,
    'bind interfaces only = yes',
    ...[...own, 'binddns dir'].map(name => `${name} = ${join(folder, name.replace(' ', '-'))}`),
    `tls cafile = ${caFile}`,
    `tls certfile = ${certFile}`,
    `tls keyfile = ${keyFile}`,
    'ldb:nosync = yes',
    // A domain controller must have these two shares; without their service nobody can open them.
    '[sysvol]',
    `path = ${join(folder, 'sysvol')}`,
    '[netlogon]',
    `path = ${join(folder, 'sysvol/scripts')}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** What `samba-domain.py` is to write into the directory. */
function directory(): { entries: string; changes: string; stored: string } {
  const accounts = Object.values(domain).filter(value => typeof value === 'object');
  return {
    entries: accounts.map(accountEntry).join('\n'),
    changes: change(base, 'lockoutThreshold', `${domain.lockoutThreshold}`),
    stored: change(dnOf(domain.expired), 'pwdLastSet', fileTime('2020-12-31')),
  };
}

function accountEntry(account: Account): string {
  const { name, password, attributes } = account;
  return entry(dnOf(account), {
    objectClass: 'user',
    sAMAccountName: name,
    userPrincipalName: principalOf(account),
    unicodePwd: Buffer.from(`"${password}"`, 'utf16le'),
    userAccountControl: `${usual | neverExpires}`,
    ...attributes,
  });
}

function change(dn: string, attribute: string, value: string): string {
  return `dn: ${dn}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n`;
}

function launch(folder: string, address: string): Launch {
  // A single process, so that nothing is left when it is killed.
  const args = ['--foreground', '--no-process-group', '--model=single', '--debug-stdout', '-s', configIn(folder)];
  return {
    start: () => startProgram('samba', args),
    async ready(server) {
      // It does not say when it listens.
      for (let attempt = 0; attempt < 3000; attempt++) {
        if (await isListening(636, address)) return;
        await Promise.race([sleep(10), server.exited]);
      }
      throw server.failure('does not listen');
    },
  };
}

async function wrongPasswords({ name }: Account, url: string, caFile: string): Promise<number> {
  const reader = ['-D', principalOf(domain.reader), '-w', domain.reader.password];
  const search = ['-b', base, `(sAMAccountName=${name})`, 'badPwdCount'];
  const args = ['-LLL', '-x', '-H', url, ...reader, ...search];
  const found = await runProgram('ldapsearch', args, { env: { LDAPTLS_CACERT: caFile } });
  if (found.code !== 0) throw new Error(`ldapsearch failed:\n${found.stderr}`);
  return Number(/^badPwdCount: (\d+)$/m.exec(found.stdout)?.[1] ?? 0);
}
