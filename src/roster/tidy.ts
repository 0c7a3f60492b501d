import type { Draft } from './drafts.ts';
import { fold } from './fold.ts';
import type { DraftDepartment } from './merge-departments.ts';
import { type BrokenField, groupNo, type Person, type Problem, username } from './model.ts';
import { sortedSet } from './order.ts';
import type { ProblemList } from './problems.ts';

/** What the check table leaves to the configuration. */
export interface Rules {
  readonly usernames: 'ascii' | 'unicode';
  /** Names that nobody may have, besides OMFLOW's own. */
  readonly reserved: readonly string[];
  /** What stands for a gender that is neither. */
  readonly gender: 'male' | 'female';
  readonly reused_email: 'quarantine' | 'allow';
}

/** A person after the rules that need nobody else: what can be fixed is fixed, what cannot is in `broken`. */
export interface Tidied {
  readonly person: Person;
  readonly draft: Draft;
  /** Rules of the kind that nobody may be served with: `username` and `email`, and whatever could not be read. */
  readonly broken: readonly BrokenField[];
}

const NOTHING: readonly never[] = Object.freeze([]);

const LONGEST = { username: 150, email: 254, nick_name: 50, phone: 20, company: 200, extension_no: 20, ad_no: 100 };
const LONGEST_GROUP_NO = 150;
const LONGEST_DISPLAY_NAME = 200;

const asciiName = /^[A-Za-z0-9_.@+-]+$/;
const unicodeName = /^[\p{L}\p{M}\p{N}_.@+-]+$/u;
/** An ASCII local part without blanks, one `@`, a domain without blanks or control characters. */
const email = /^[!-?A-~]+@[^\s@\p{Cc}\p{Cs}]+$/u;
const control = /\p{Cc}/u;
const controls = /\p{Cc}+/gu;
const phoneFormatting = /[\s().\-/]/g;

/** How many characters a database counts: code points. */
function lengthOf(text: string): number {
  // Short texts are within every limit whatever they are made of, so counting starts where it can matter.
  if (text.length <= LONGEST.phone) return text.length;
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The longest beginning of at most `longest` code points that cuts no visible character in two. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest || lengthOf(text) <= longest) return text;
  // Made when it is needed, which is hardly ever: the first one takes as long as a tenth of the start.
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
  let kept = '';
  let length = 0;
  for (const { segment } of graphemes.segment(text)) {
    length += [...segment].length;
    if (length > longest) break;
    kept += segment;
  }
  // A first visible character that is too long by itself, a letter under a heap of marks: rather a part of it than nothing.
  return kept.trimEnd() || [...text].slice(0, longest).join('');
}

/** Control characters (a tab or a line end becomes a blank), halves of surrogate pairs and outer blanks gone. */
export function clean(text: string): string {
  const formed = text.isWellFormed() ? text : text.toWellFormed();
  return (control.test(formed) ? formed.replace(/[\t\n\v\f\r]+/g, ' ').replace(controls, '') : formed).trim();
}

/** Applies the rules of the check table that look at one person alone; what was fixed or looks odd goes to `problems`. */
export function tidy(draft: Draft, rules: Rules, problems: Pick<ProblemList, 'add'>): Tidied {
  const { fields } = draft;
  const notes: Note[] = [];
  const login = (fields.username ?? '').trim();
  const mail = (fields.email ?? '').trim();
  const person: Person = {
    key: draft.key,
    username: username(login),
    login,
    email: mail,
    nick_name: nickName(fields.nick_name, login, notes),
    ad_no: short('ad_no', fields.ad_no, notes),
    company: company(fields.company, notes),
    phone1: phone('phone1', fields.phone1, notes),
    phone2: phone('phone2', fields.phone2, notes),
    extension_no: short('extension_no', fields.extension_no, notes),
    gender: gender(fields.gender, rules, notes),
    departments:
      draft.departments.length > 1 ? sortedSet(draft.departments.map(groupNo)) : draft.departments.map(groupNo),
    extra: draft.extra,
  };
  if (login.includes('@') && login !== mail) {
    notes.push(['username_not_email', 'warned', `has an @ and is not their email, so they cannot log in by it`]);
  }
  const wrong = [usernameWrong(login, rules), emailWrong(mail, rules)].filter(one => one !== undefined);
  for (const note of notes) problems.add(toProblem(draft, login, note));
  return { person, draft, broken: wrong.length + draft.broken.length === 0 ? NOTHING : [...draft.broken, ...wrong] };
}

type Note = readonly [code: string, effect: 'fixed' | 'warned', text: string];

const toProblem = (draft: Draft, name: string, [code, effect, text]: Note): Problem => ({
  code,
  effect,
  source: draft.source,
  kind: 'person',
  key: draft.key,
  name,
  text,
});

function usernameWrong(name: string, rules: Rules): BrokenField | undefined {
  const wrong = (why: string) => ({ field: 'username', why });
  if (name === '') return wrong('is missing');
  const folded = fold(name);
  // Folding makes eighteen letters of some single ones, and what is folded has to be kept, too.
  if (lengthOf(name) > LONGEST.username || folded.length > 2 * LONGEST.username) {
    return wrong(`is longer than ${LONGEST.username} characters`);
  }
  const allowed = rules.usernames === 'ascii' ? asciiName : unicodeName;
  if (!allowed.test(name)) {
    const which = rules.usernames === 'ascii' ? 'A-Z, a-z, 0-9' : 'letters, digits';
    return wrong(`"${clean(name)}" has characters other than ${which} and _ . @ + -`);
  }
  return isReserved(folded, 'system', rules) ? wrong(`"${name}" is reserved`) : undefined;
}

function emailWrong(mail: string, rules: Rules): BrokenField | undefined {
  const wrong = (why: string) => ({ field: 'email', why });
  if (mail === '') return wrong('is missing');
  const folded = fold(mail);
  if (lengthOf(mail) > LONGEST.email || folded.length > LONGEST.email) {
    return wrong(`is longer than ${LONGEST.email} characters`);
  }
  if (!email.test(mail)) return wrong(`"${clean(mail)}" is not an email address`);
  return isReserved(folded, 'system@system.com', rules) ? wrong(`"${mail}" is reserved`) : undefined;
}

/** OMFLOW's own is reserved besides those that the configuration lists. */
const isReserved = (folded: string, own: string, { reserved }: Rules) =>
  folded === own || reserved.some(taken => fold(taken) === folded);

/** What stands for the name of somebody who has none. */
export const nameFor = (login: string) => cut(clean(login), LONGEST.nick_name);

function nickName(given: string | undefined, login: string, notes: Note[]): string {
  const text = clean(given ?? '');
  if (text === '') {
    notes.push(['nick_name_missing', 'fixed', 'has no name; the username stands for it']);
    return nameFor(login);
  }
  if (given !== undefined && control.test(given))
    notes.push(['nick_name_control', 'fixed', 'had control characters in the name']);
  if (/[<>"']/.test(text)) notes.push(['nick_name_markup', 'warned', `"${text}" has one of < > " ' in it`]);
  const kept = cut(text, LONGEST.nick_name);
  if (kept !== text)
    notes.push(['nick_name_long', 'fixed', `the name is cut to ${LONGEST.nick_name} characters: "${kept}"`]);
  return kept;
}

function company(given: string | undefined, notes: Note[]): string {
  if (given === undefined) return '';
  const text = clean(given);
  const kept = cut(text, LONGEST.company);
  if (kept !== text) notes.push(['company_long', 'fixed', `company is cut to ${LONGEST.company} characters`]);
  return kept;
}

/** A number that would mean something else if it were cut is left out instead. */
function short(field: 'ad_no' | 'extension_no', given: string | undefined, notes: Note[]): string {
  if (given === undefined) return '';
  const text = clean(given);
  if (lengthOf(text) <= LONGEST[field]) return text;
  notes.push([
    `${field}_long`,
    'fixed',
    `${field} "${text}" is longer than ${LONGEST[field]} characters and is left out`,
  ]);
  return '';
}

/** Formatting goes first; digits are never cut. */
function phone(field: 'phone1' | 'phone2', given: string | undefined, notes: Note[]): string {
  if (given === undefined) return '';
  const text = clean(given);
  if (lengthOf(text) <= LONGEST.phone) return text;
  const bare = text.replace(phoneFormatting, '');
  if (lengthOf(bare) <= LONGEST.phone) {
    notes.push([`${field}_long`, 'fixed', `${field} "${text}" is written as "${bare}"`]);
    return bare;
  }
  notes.push([
    `${field}_long`,
    'fixed',
    `${field} "${text}" is longer than ${LONGEST.phone} characters and is left out`,
  ]);
  return '';
}

function gender(given: string | undefined, rules: Rules, notes: Note[]): string {
  if (given === 'male' || given === 'female') return given;
  const what = given === undefined ? 'is missing' : `"${clean(given)}" is neither male nor female`;
  notes.push(['gender_default', 'fixed', `gender ${what}; ${rules.gender} stands for it`]);
  return rules.gender;
}

/** The same for a department: the name that is served, and what is wrong with its code. */
export function tidyDepartment(draft: DraftDepartment): {
  display_name: string;
  wrong: string | undefined;
  notes: Note[];
} {
  const notes: Note[] = [];
  const text = clean(draft.display_name);
  const kept = cut(text === '' ? draft.group_no : text, LONGEST_DISPLAY_NAME);
  if (text === '') notes.push(['display_name_missing', 'fixed', 'has no name; the code stands for it']);
  else if (kept !== text)
    notes.push(['display_name_long', 'fixed', `the name is cut to ${LONGEST_DISPLAY_NAME} characters`]);
  return { display_name: kept, wrong: groupNoWrong(draft.group_no), notes };
}

export const isServable = (code: string) => groupNoWrong(code) === undefined;

function groupNoWrong(code: string): string | undefined {
  if (code.trim() === '') return 'has no code';
  if (lengthOf(code) > LONGEST_GROUP_NO) return `has a code of more than ${LONGEST_GROUP_NO} characters`;
  if (control.test(code) || !code.isWellFormed()) return 'has control characters in its code';
  return undefined;
}
