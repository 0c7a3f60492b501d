import { fold } from './fold.ts';
import {
  lendersIn,
  type Person,
  type PersonKey,
  type PersonRecord,
  type Problem,
  type Provenance,
  type SourceName,
  splitKey,
} from './model.ts';

/** Everything that one person was ever known by: what they are found by wherever something is said about them. */
export interface Traces {
  readonly key: PersonKey;
  /** Usernames and logins, folded; as `emails` and `numbers`. */
  readonly usernames: ReadonlySet<string>;
  readonly emails: ReadonlySet<string>;
  /** Values of `ad_no`. */
  readonly numbers: ReadonlySet<string>;
  /** Sources that gave any of their fields, besides the one in the key. */
  readonly lenders: ReadonlySet<SourceName>;
  /** Finds their key, usernames, logins and emails in a text, as whole words. */
  readonly words: RegExp;
  /** Finds the same in JSON, more often than it is there: what has nothing of it need not be looked at closely. */
  readonly hint: RegExp;
}

interface Form {
  readonly value: Person;
  readonly from: Provenance;
}

/** The traces of whoever had these forms, and was known by these names besides: usernames, logins and emails. */
export function tracesOf(key: PersonKey, forms: readonly Form[], names: readonly string[] = []): Traces {
  const people = forms.map(form => form.value);
  const usernames = [...people.flatMap(one => [one.username as string, one.login]), ...names];
  const emails = [...people.map(one => one.email), ...names.filter(name => name.includes('@'))];
  return {
    key,
    usernames: folded(usernames),
    emails: folded(emails),
    numbers: folded(people.map(one => one.ad_no)),
    lenders: new Set(forms.flatMap(({ from }) => lendersIn(from))),
    ...patterns([key, ...usernames, ...emails]),
  };
}

const folded = (texts: readonly string[]) => new Set(texts.map(fold).filter(text => text !== ''));

/** What names are made of: one that stands within a longer one is another name. A dot that ends a sentence is no part of it. */
const LETTER = '[\\p{L}\\p{M}\\p{N}_@+\\-]';

function patterns(names: readonly string[]): Pick<Traces, 'words' | 'hint'> {
  const spellings = new Set(names.flatMap(name => [name, fold(name)]).filter(name => name !== ''));
  const longestFirst = [...spellings].sort((a, b) => b.length - a.length);
  const any = (texts: readonly string[]) => texts.map(text => RegExp.escape(text)).join('|');
  return {
    words: new RegExp(`(?<!${LETTER}\\.*)(?:${any(longestFirst)})(?!\\.*${LETTER})`, 'giu'),
    hint: new RegExp(any(longestFirst.map(name => JSON.stringify(name).slice(1, -1))), 'iu'),
  };
}

/** Whether a source that lists this record still has them: by their own key there, or under their username or email. */
export function isStillListed({ key, fields }: PersonRecord, source: SourceName, traces: Traces): boolean {
  const known = splitKey(traces.key);
  if (known.source === source && [key, fields.username?.trim()].includes(known.own)) return true;
  return traces.usernames.has(fold(fields.username ?? '')) || traces.emails.has(fold(fields.email ?? ''));
}

/** The same, and whether the record may have been joined to them by what others may have as well: a number, a key. */
export function isAbout(record: PersonRecord, source: SourceName, traces: Traces): boolean {
  if (isStillListed(record, source, traces)) return true;
  if (!traces.lenders.has(source)) return false;
  return record.key === splitKey(traces.key).own || traces.numbers.has(fold(record.fields.ad_no ?? ''));
}

const mentions = (text: string, { words }: Traces): boolean => text.search(words) >= 0;

/** A text without their names. */
export const masked = (text: string, { words }: Traces): string => text.replace(words, '(erased)');

/** Problems without them, and how many there were that had to do with them. */
export function cleansed(problems: readonly Problem[], traces: Traces): { left: readonly Problem[]; count: number } {
  let count = 0;
  const left = problems.flatMap(problem => {
    const rest = withoutTraces(problem, traces);
    if (rest !== problem) count += 1;
    return rest ?? [];
  });
  return { left, count };
}

/** Undefined for a problem of theirs, or of another person who has to do with them. */
function withoutTraces(problem: Problem, traces: Traces): Problem | undefined {
  const { kind, key, name, text } = problem;
  // Departments have codes that look like usernames, and nothing is said of people where they are at fault.
  if (kind === 'department') return problem;
  if (kind === 'source' || kind === 'roster') {
    return mentions(text, traces) ? { ...problem, text: masked(text, traces) } : problem;
  }
  const isTheirs = key === traces.key || traces.usernames.has(fold(name)) || traces.emails.has(fold(name));
  return isTheirs || mentions(text, traces) ? undefined : problem;
}
