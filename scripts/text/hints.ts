import { fold } from '../../src/roster/fold.ts';
import type { Person, Problem } from '../../src/roster/model.ts';
import { RUNS } from '../../src/runs/health.ts';
import type { Store } from '../../src/store/store.ts';
import { judgingRun } from '../../src/views/standing.ts';
import { meant } from '../verbs.ts';

/** What the newest run that looked at everybody found wrong. */
async function problemsNow(store: Store): Promise<readonly Problem[]> {
  const run = judgingRun(await store.runs.list(RUNS)) ?? (await store.runs.newestGood());
  return run?.problems ?? [];
}

/** The same of one person or department, by key. */
export const problemsOf = async (key: string, store: Store): Promise<Problem[]> =>
  (await problemsNow(store)).filter(problem => problem.key === key);

/** Where to look for a person who was asked for by a name that is none; begins with a semicolon, or is empty. */
export async function hintForPerson(name: string, store: Store): Promise<string> {
  const out = await quarantined(name, store);
  if (out) return out;
  const newest = await store.snapshots.newest();
  if (!newest) return '; nothing has been published yet';
  const names: string[] = [];
  for await (const page of store.people.at(newest.number)) {
    for (const { value } of page) {
      const known = knownBy(value, fold(name));
      if (known)
        return `; it is the ${known} of "${value.username}", and "rosterd person ${value.username}" tells more`;
      names.push(value.username);
    }
  }
  return didYouMean(meant(name, names));
}

/** The field other than the username that somebody goes by this name in. */
function knownBy({ username, login, email, ad_no, nick_name }: Person, folded: string): string | undefined {
  const fields = { username, login, email, ad_no, nick_name };
  const words = {
    username: 'username, in other letters,',
    login: 'login',
    email: 'email',
    ad_no: 'ad_no',
    nick_name: 'name',
  };
  const found = (Object.keys(fields) as (keyof typeof fields)[]).find(
    field => folded !== '' && fold(fields[field]) === folded,
  );
  return found && words[found];
}

async function quarantined(name: string, store: Store): Promise<string | undefined> {
  const problem = (await problemsNow(store)).find(
    one => one.effect === 'quarantined' && one.name !== '' && fold(one.name) === fold(name),
  );
  return problem && `: source ${problem.source} has it, but it is quarantined, for its ${problem.text}`;
}

/** The same for a department. */
export async function hintForDepartment(code: string, store: Store): Promise<string> {
  const newest = await store.snapshots.newest();
  if (!newest) return '; nothing has been published yet';
  const codes: string[] = [];
  for await (const page of store.departments.at(newest.number)) {
    for (const { value } of page) {
      if (fold(value.display_name) === fold(code)) return `; it is the name of "${value.group_no}"`;
      codes.push(value.group_no);
    }
  }
  return didYouMean(meant(code, codes));
}

const didYouMean = (names: readonly string[]) => {
  if (names.length === 0) return '; "rosterd show" lists all there are';
  return `; did you mean ${names.map(name => `"${name}"`).join(' or ')}?`;
};
