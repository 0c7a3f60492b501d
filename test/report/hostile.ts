import type { ReportData } from '../../src/report/data.ts';
import { smallReport } from './fixtures.ts';

/** What people could call themselves, and what it would do to a page that believed them. */
export const HOSTILE = {
  image: '<img src=x onerror=alert(1)>',
  script: '</script><script>alert(1)</script>',
  comment: '<!--<script>alert(1)',
  attribute: `"'><svg onload=alert(1)>`,
  address: 'javascript:alert(1)',
  style: '</style><style>*{display:none}</style>',
  title: '</title></textarea><base href="https://evil.example/">',
  template: '{{7*7}}${alert(1)}<%= 7*7 %>{name}',
  override: 'abc\u202efed\u2066ghi\u2069',
  invisible: 'zero\u200bwidth\u200d\ufeff\u00adhyphen',
  controls: 'nul\u0000bell\u0007escape\u001b[31mdelete\u007f',
  lines: 'one\r\ntwo\u2028three\u2029four\tfive',
  surrogates: '\ud800lone\udc00',
  long: 'x'.repeat(10_000),
  longChinese: '長'.repeat(10_000),
  marks: `a${'\u0301'.repeat(500)}`,
  prototype: '__proto__',
  maker: 'constructor',
  method: 'hasOwnProperty',
} as const satisfies Readonly<Record<string, string>>;
export type Hostile = keyof typeof HOSTILE;

/** The small report with a hostile text in place of every text that somebody else wrote. */
export function hostileReport(which: Hostile, changes: Partial<ReportData> = {}): ReportData {
  return spoiled(smallReport(changes), HOSTILE[which]);
}

/** What kind of name each of these is; the same name stays the same name everywhere. */
const KINDS: Readonly<Record<string, string>> = {
  username: 'username',
  login: 'username',
  name: 'username',
  group_no: 'code',
  parent_group_no: 'code',
  departments: 'code',
  joined: 'code',
  left: 'code',
  source: 'source',
  client: 'client',
  store: 'store',
  why: 'why',
  nick_name: 'nick_name',
  email: 'email',
  display_name: 'display_name',
  field: 'field',
  old: 'old',
  new: 'new',
  text: 'text',
  code: 'problem',
  hazards: 'hazard',
};

/** The first text of each kind is the hostile one and nothing else; others have it before their own, to differ. */
function spoiled(report: ReportData, text: string): ReportData {
  const known = new Map<string, string>();
  const begun = new Set<string>();
  const exchange = (kind: string, original: string): string => {
    if (original === '') return original;
    const whole = `${kind} ${original}`;
    const replaced = known.get(whole) ?? (begun.has(kind) ? `${text} ${original}` : text);
    begun.add(kind);
    known.set(whole, replaced);
    return replaced;
  };
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return Object.hasOwn(KINDS, key) ? exchange(KINDS[key] ?? '', value) : value;
    if (Array.isArray(value)) return value.map(one => walk(one, key));
    if (typeof value !== 'object' || value === null) return value;
    // fromEntries defines, so that a key that is called __proto__ is one.
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        key === 'histories' ? exchange('username', name) : name,
        walk(one, name),
      ]),
    );
  };
  return walk(report, '') as ReportData;
}
