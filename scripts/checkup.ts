import type { AuthenticatorConfig, Config, SqlAuthenticatorConfig } from '../src/config/schema.ts';
import type { Authenticator } from '../src/logins/authenticate.ts';
import { openAuthenticators } from '../src/logins/open.ts';
import { survey } from '../src/logins/sql/authenticator.ts';
import { passwordLookup } from '../src/logins/sql/lookup.ts';
import { type Channel, channelsOf, postTo } from '../src/notices/channel.ts';
import { fold } from '../src/roster/fold.ts';
import type { PersonRecord, Problem, RowCounts, Snapshot, SnapshotNumber } from '../src/roster/model.ts';
import { dayIn } from '../src/runs/time.ts';
import { openSources } from '../src/sources/open.ts';
import type { Source } from '../src/sources/source.ts';
import { StoreError } from '../src/store/error.ts';
import { openStore } from '../src/store/open.ts';
import type { Store } from '../src/store/store.ts';

/** What was found out about one part of a configuration. */
export interface Finding {
  readonly part: string;
  readonly fine: boolean;
  /** What it gives, or what is wrong with it. */
  readonly text: string;
  /** Its first records, for a look at whether the mapping is right. */
  readonly first?: readonly PersonRecord[];
  readonly warnings?: readonly string[];
}

/**
 * Tries everything that a configuration names, and changes nothing: sources are read, directories asked, the store is opened,
 * and whoever is to be told things is connected to, and told nothing.
 */
export async function checkUp(config: Config): Promise<Finding[]> {
  const sources = await openSources(config.sources);
  await using opened = new AsyncDisposableStack();
  const authenticators = (await openAuthenticators(config.authenticate)).map(one => opened.use(one));
  const { finding, logins } = await lookAtStore(config);
  const asked = authenticators.map((one, place) => authenticatorFinding(one, config.authenticate[place], logins));
  return [
    finding,
    ...(await Promise.all(sources.map(source => sourceFinding(source, config)))),
    ...(await Promise.all(asked)),
    ...(authenticators.length === 0 ? [nobodyAsks] : []),
    ...(await Promise.all(channelsOf(config.notify).map(channelFinding))),
  ];
}

const nobodyAsks: Finding = {
  part: 'authenticate',
  fine: true,
  text: 'is not configured: /authenticate answers that passwords cannot be checked',
};

/** What was found out about the store, and of whom to look at the password hashes; without logins, there is no snapshot. */
interface StoreLook {
  readonly finding: Finding;
  readonly logins?: readonly string[];
}

async function lookAtStore(config: Config): Promise<StoreLook> {
  try {
    await using store = await openStore(config.store, { migrate: false });
    const newest = await store.snapshots.newest();
    const text = newest
      ? `${store.address}, of which snapshot ${newest.number} is the newest`
      : `${store.address} has no snapshot yet`;
    const warnings = newest ? await unknownProtected(config.guards.protect, store, newest.number) : [];
    const finding = { part: 'store', fine: true, text, warnings };
    return newest ? { finding, logins: await someLogins(store, newest) } : { finding };
  } catch (error) {
    // Before the first run that is as it should be, and after an upgrade too.
    const fine = error instanceof StoreError && error.code !== 'other';
    return { finding: { part: 'store', fine, text: (error as Error).message } };
  }
}

/** Of so many people it is looked at how their password is stored: enough to meet every scheme that is not rare. */
const LOOKED_AT = 50;

/** The logins of some people of the newest snapshot, spread evenly over it. */
async function someLogins(store: Store, { people }: Snapshot): Promise<string[]> {
  const keys: string[] = [];
  let place = 0;
  for await (const page of store.people.head()) {
    for (const { key } of page) {
      if (keys.length < LOOKED_AT && place >= keys.length * (people / LOOKED_AT)) keys.push(key);
      place += 1;
    }
  }
  return (await store.people.load(keys)).map(({ value }) => value.login).sort();
}

/** Names that guards.protect has and nobody: a slip of the pen there would be noticed only when somebody goes. */
async function unknownProtected(names: readonly string[], store: Store, newest: SnapshotNumber): Promise<string[]> {
  if (names.length === 0) return [];
  const known = new Set<string>();
  for await (const page of store.people.at(newest)) {
    for (const { value } of page) for (const name of [value.username, value.login, value.email]) known.add(fold(name));
  }
  return names
    .filter(name => !known.has(fold(name)))
    .map(name => `guards.protect: nobody has the username, login or email "${name}"`);
}

/** How many records are shown. */
const SHOWN = 3;

async function sourceFinding(source: Source, config: Config): Promise<Finding> {
  const part = `source ${source.name}`;
  const rows = { people: 0, departments: 0, memberships: 0 };
  const first: PersonRecord[] = [];
  const problems: Problem[] = [];
  try {
    const pull = { signal: new AbortController().signal, today: dayIn(config.timezone, new Date()) };
    for await (const batch of source.read(pull)) {
      if (batch.kind === 'problems') problems.push(...batch.problems);
      else rows[batch.kind] += batch.rows;
      if (batch.kind === 'people') first.push(...batch.records.slice(0, SHOWN - first.length));
    }
    return { part, fine: true, text: `gives ${rowText(rows)}`, first, warnings: problems.map(one => one.text) };
  } catch (error) {
    return { part, fine: false, text: (error as Error).message.replace(`${part}: `, '') };
  }
}

const rowText = ({ people, departments, memberships }: RowCounts) =>
  `${people} rows of people, ${departments} of departments, ${memberships} of memberships`;

const LETS_ANYBODY_IN =
  `lets in "rosterd-check-nobody", whom nobody is called, with a password that nobody has: ` +
  'look at which answers count as accepted';

/** Nobody can have this name, so a healthy directory refuses it, and nobody's failures are counted. */
const NOBODY = 'rosterd-check-nobody';

async function authenticatorFinding(
  authenticator: Authenticator,
  config: AuthenticatorConfig | undefined,
  logins: readonly string[] | undefined,
): Promise<Finding> {
  const verdict = await authenticator.check(NOBODY, NOBODY, { signal: AbortSignal.timeout(10_000) });
  const part = `authenticate ${authenticator.name}`;
  if (verdict.status === 'unavailable') return { part, fine: false, text: verdict.why };
  if (verdict.status === 'accepted' || verdict.status === 'barred') return { part, fine: false, text: LETS_ANYBODY_IN };
  if (config?.type !== 'sql') return { part, fine: true, text: 'answers' };
  if (logins === undefined) {
    return { part, fine: true, text: 'answers; no password hash was looked at, because there is no snapshot yet' };
  }
  return { part, ...(await hashesFinding(config, logins)) };
}

/** Whether the password hashes of these people could be compared with a password, by their form alone. */
async function hashesFinding(
  config: SqlAuthenticatorConfig,
  logins: readonly string[],
): Promise<Pick<Finding, 'fine' | 'text'>> {
  try {
    const look = { logins, signal: AbortSignal.timeout(30_000) };
    const { schemes, troubles } = await survey(config, passwordLookup(config), look);
    const [first, ...others] = troubles;
    if (first === undefined) return { fine: true, text: schemesText(schemes, logins.length) };
    const more =
      others.length === 0 ? '' : ` (and so for ${others.length} more of the ${logins.length} people looked at)`;
    return { fine: false, text: `${first}${more}` };
  } catch (error) {
    return { fine: false, text: `the password hashes cannot be looked at: ${(error as Error).message}` };
  }
}

function schemesText(schemes: ReadonlyMap<string, number>, people: number): string {
  const counts = [...schemes].map(([scheme, count]) => `${count} ${scheme}`);
  const having = schemes.values().reduce((sum, count) => sum + count, 0);
  const text = `answers; ${having} of ${people} people have a password there`;
  return counts.length === 0 ? text : `${text}: ${counts.join(', ')}`;
}

/** Whether somebody could be told something, as far as that can be known without telling it. */
async function channelFinding({ name, config }: Channel): Promise<Finding> {
  const part = `notify ${name}`;
  try {
    const post = await postTo(config);
    await post.reach(AbortSignal.timeout(30_000));
    const text = config.type === 'email' ? 'takes mail; none was sent' : 'can be reached; nothing was sent';
    return { part, fine: true, text };
  } catch (error) {
    return { part, fine: false, text: (error as Error).message };
  }
}
