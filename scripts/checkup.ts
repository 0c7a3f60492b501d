import type { Config } from '../src/config/schema.ts';
import type { Authenticator } from '../src/logins/authenticate.ts';
import { openAuthenticators } from '../src/logins/open.ts';
import { fold } from '../src/roster/fold.ts';
import type { PersonRecord, Problem, RowCounts, SnapshotNumber } from '../src/roster/model.ts';
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

/** Tries everything that a configuration names, and changes nothing: sources are read, directories asked, the store opened. */
export async function checkUp(config: Config): Promise<Finding[]> {
  const sources = openSources(config.sources);
  const authenticators = openAuthenticators(config.authenticate);
  return [
    await storeFinding(config),
    ...(await Promise.all(sources.map(source => sourceFinding(source, config)))),
    ...(await Promise.all(authenticators.map(authenticatorFinding))),
    ...(authenticators.length === 0 ? [nobodyAsks] : []),
  ];
}

const nobodyAsks: Finding = {
  part: 'authenticate',
  fine: true,
  text: 'is not configured: /authenticate answers that passwords cannot be checked',
};

async function storeFinding(config: Config): Promise<Finding> {
  try {
    await using store = await openStore(config.store, { migrate: false });
    const newest = await store.snapshots.newest();
    const text = newest
      ? `${store.address}, of which snapshot ${newest.number} is the newest`
      : `${store.address} has no snapshot yet`;
    const warnings = newest ? await unknownProtected(config.guards.protect, store, newest.number) : [];
    return { part: 'store', fine: true, text, warnings };
  } catch (error) {
    // Before the first run that is as it should be, and after an upgrade too.
    const fine = error instanceof StoreError && error.code !== 'other';
    return { part: 'store', fine, text: (error as Error).message };
  }
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

/** Nobody can have this name, so a healthy directory refuses it, and nobody's failures are counted. */
const NOBODY = 'rosterd-check-nobody';

async function authenticatorFinding(authenticator: Authenticator): Promise<Finding> {
  const verdict = await authenticator.check(NOBODY, NOBODY, AbortSignal.timeout(10_000));
  const part = `authenticate ${authenticator.name}`;
  return verdict.status === 'unavailable'
    ? { part, fine: false, text: verdict.why }
    : { part, fine: true, text: 'answers' };
}
