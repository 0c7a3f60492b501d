import type {
  DeliveryData,
  DiffData,
  HoldData,
  ProblemData,
  ProblemsData,
  ReportData,
  RunData,
  SnapshotData,
  SourceData,
} from '../../src/report/data.ts';
import { diffOf, EMPTY, type Member, type State, stepsOf, treeOf, type Unit } from './story.ts';

export { HOSTILE, type Hostile, hostileReport } from './hostile.ts';
export { largeReport } from './large.ts';

/**
 * A report of the demo's company: 12 snapshots of some 30 people with names in three scripts. The diff of 11 and 12 has
 * everything in it that a diff can have, neighbours from 8 on are in it, 12 is newest, OMFLOW got 10 last, and hold 3 waits.
 */
export function smallReport(changes: Partial<ReportData> = {}): ReportData {
  const diffs = STORY.map((_, place) => neighbours(place + 1));
  const chosen: DiffData = { ...neighbours(12), quarantined: [QUARANTINED] };
  const names = new Set([...chosen.people, ...chosen.memberships].map(one => one.username));
  return {
    made: '2025-11-21T09:30:00.000Z',
    store: 'sqlite:/var/lib/rosterd/roster.db',
    language: 'en',
    zone: 'Asia/Taipei',
    masked: false,
    live: false,
    standing: STANDING,
    snapshots: STORY.map((_, place) => snapshot(place + 1)),
    runs: RUNS,
    deliveries: DELIVERIES,
    diffs: [chosen, neighbours(11), neighbours(10), neighbours(9)],
    sync: { delivered: LAST, diff: diffOf([10, state(10)], [12, state(12)], LEFT), hazards: HAZARDS },
    hold: HOLD,
    tree: treeOf(state(12), chosen, new Set(['LOG-TW'])),
    problems: PROBLEMS,
    renamed: [{ username: 'g.whitfield', login: 'g.hargreaves' }],
    sources: SOURCES,
    histories: Object.fromEntries([...names].map(name => [name, stepsOf(name, diffs, timeOf)])),
    ...changes,
  };
}

/** The same of a store that nothing was ever published to. */
export function emptyReport(): ReportData {
  return smallReport({
    standing: {
      troubles: ['unpublished'],
      newest: undefined,
      served: undefined,
      pinned: undefined,
      confirmed: undefined,
      failing: undefined,
      lastRun: undefined,
      delivered: undefined,
    },
    snapshots: [],
    runs: [],
    deliveries: [],
    diffs: [],
    sync: undefined,
    hold: undefined,
    tree: [],
    problems: { run: undefined, listed: [], counts: [] },
    renamed: [],
    sources: [],
    histories: {},
  });
}

/** The same of a company where all is well: nothing waits, nothing failed, nobody is kept out, and OMFLOW has the newest. */
export function calmReport(): ReportData {
  const delivered = { ...LAST, snapshot: 12, at: '2025-11-20T18:10:00.000Z' };
  const lastRun: RunData = {
    number: 40,
    started: '2025-11-21T09:00:00.000Z',
    status: 'unchanged',
    hold: undefined,
    why: '',
  };
  return smallReport({
    standing: { ...STANDING, troubles: [], failing: undefined, lastRun, delivered },
    runs: [],
    deliveries: [delivered],
    sync: { delivered, diff: diffOf([12, state(12)], [12, state(12)]), hazards: [] },
    hold: undefined,
    problems: { run: 40, listed: [], counts: [] },
    renamed: [],
    sources: SOURCES.map(one => ({ ...one, failing: false, failingSince: undefined, why: undefined })),
  });
}

/** The diff of any two snapshots of {@link smallReport}, as a daemon would give it. */
export function diffBetween(before: number, after: number): DiffData {
  return diffOf([before, state(before)], [after, state(after)], LEFT);
}

const UNITS: readonly Unit[] = [
  ['HL', 'Harbour & Lantern', ''],
  ['LON', 'London Office', 'HL'],
  ['SALES-UK', 'Sales', 'LON'],
  ['DESIGN', 'Lamp Design', 'LON'],
  ['FIN', 'Finance', 'LON'],
  ['TPE', '台北分公司', 'HL'],
  ['SALES-TW', '業務部', 'TPE'],
  ['RD-TW', '研發部', 'TPE'],
  ['SUP-TW', '客戶服務部', 'TPE'],
  ['LOG-TW', '倉儲物流課', 'TPE'],
  ['TYO', '東京支社', 'HL'],
  ['SALES-JP', '営業部', 'TYO'],
  ['RD-JP', '光学技術部', 'TYO'],
].map(([group_no = '', display_name = '', parent_group_no = '']) => ({ group_no, display_name, parent_group_no }));

const MEMBERS: readonly Member[] = [
  ['m.hale', 'Margaret Hale', 'HL'],
  ['e.ashworth', 'Edmund Ashworth', 'HL'],
  ['p.raman', 'Priya Raman', 'LON'],
  ['o.thorne', 'Oliver Thorne', 'SALES-UK'],
  ['g.whitfield', 'Grace Whitfield', 'SALES-UK'],
  ['t.barlow', 'Tom Barlow', 'SALES-UK'],
  ['a.karim', 'Aisha Karim', 'SALES-UK'],
  ['i.merrick', 'Isla Merrick', 'DESIGN'],
  ['h.lindqvist', 'Hugo Lindqvist', 'DESIGN'],
  ['z.abara', 'Zoe Abara', 'DESIGN'],
  ['s.oduya', 'Samuel Oduya', 'FIN'],
  ['r.calder', 'Ruth Calder', 'FIN'],
  ['g.lin', '林國華', 'TPE'],
  ['y.chen', '陳雅婷', 'SALES-TW'],
  ['c.chang', '張家豪', 'SALES-TW'],
  ['s.huang', '黃淑芬', 'SALES-TW'],
  ['t.lee', '李宗翰', 'SALES-TW'],
  ['y.wang', '王怡君', 'RD-TW'],
  ['m.tsai', '蔡明哲', 'RD-TW'],
  ['h.yang', '楊欣怡', 'RD-TW'],
  ['h.chou', '周筱涵', 'SUP-TW'],
  ['p.yeh', '葉柏翰', 'SUP-TW'],
  ['c.lu', '呂志豪', 'LOG-TW'],
  ['y.chiang', '江宜蓁', 'LOG-TW'],
  ['s.takahashi', '高橋 誠一', 'TYO'],
  ['m.sato', '佐藤 みどり', 'SALES-JP'],
].map(([username = '', nick_name = '', department = '']) => member(username, nick_name, department));

function member(username: string, nick_name: string, ...departments: string[]): Member {
  const source = departments.some(code => code.endsWith('-JP') || code === 'TYO') ? 'hr-tokyo' : 'hr';
  const email = `${username}@harbour.example`;
  return { username, login: username, nick_name, email, phone1: '', departments, source };
}

/** One thing that happened to a roster. */
type Deed = (people: Map<string, Member>, units: Map<string, Unit>) => void;

const comes =
  (username: string, nick_name: string, ...departments: string[]): Deed =>
  people =>
    people.set(username, member(username, nick_name, ...departments));
const goes =
  (username: string): Deed =>
  people =>
    people.delete(username);
const becomes =
  (username: string, changes: Partial<Member>): Deed =>
  (people, units) => {
    const one = people.get(username);
    if (!one || changes.departments?.some(code => !units.has(code)))
      throw new Error(`the story has a hole: ${username}`);
    people.set(username, { ...one, ...changes });
  };
const unit =
  (group_no: string, display_name: string, parent_group_no: string): Deed =>
  (_, units) =>
    units.set(group_no, { group_no, display_name, parent_group_no });
const closes =
  (group_no: string): Deed =>
  (_, units) =>
    units.delete(group_no);

/** What happened before each snapshot, from the second on. */
const DAYS: readonly (readonly Deed[])[] = [
  [comes('k.liu', '劉冠廷', 'SALES-TW'), comes('d.okafor', 'Daniel "Dan" Okafor', 'LON')],
  [becomes('m.hale', { phone1: '+44 7700 900101' })],
  [
    unit('GA-JP', '総務部', 'TYO'),
    comes('m.hasegawa', '長谷川 あやか', 'GA-JP'),
    becomes('h.yang', { nick_name: '楊欣怡 (Hsinyi)' }),
  ],
  [becomes('t.lee', { departments: ['RD-TW'] }), goes('e.ashworth')],
  [unit('SALES-UK', 'Sales & Showroom', 'LON')],
  [
    comes('k.cheng', '鄭凱文', 'RD-TW'),
    comes('v.nair', 'Vikram Nair', 'LON'),
    comes('j.smith', 'Jonah Whitlock', 'SALES-UK'),
  ],
  [becomes('y.chen', { email: 'yating.chen@harbour.example' }), goes('j.smith')],
  [unit('IT', 'IT Services', 'LON'), becomes('v.nair', { departments: ['IT', 'LON'] })],
  [unit('SALES-UK', 'Sales', 'LON'), becomes('m.sato', { phone1: '07700 900154' })],
  [comes('t.okada', '岡田 拓海', 'RD-JP'), becomes('a.karim', { departments: ['DESIGN', 'SALES-UK'] })],
  [
    unit('MKT-TW', '行銷部', 'TPE'),
    unit('SUP-TW', '客戶支援部', 'TPE'),
    unit('RD-JP', '光学技術部', 'RD-TW'),
    closes('GA-JP'),
    comes('h.mori', '森 はな', 'SALES-JP'),
    comes('y.shen', '沈郁庭', 'MKT-TW', 'RD-TW'),
    comes('b.lomax', 'Beatrix Lomax', 'FIN'),
    goes('o.thorne'),
    goes('m.hasegawa'),
    goes('c.lu'),
    becomes('g.whitfield', { login: 'g.hargreaves', nick_name: 'Grace Hargreaves' }),
    becomes('y.chen', { departments: ['MKT-TW'], phone1: '07700 900126' }),
    becomes('s.huang', { departments: ['MKT-TW'] }),
    becomes('p.yeh', { email: 'pohan.yeh@harbour.example', phone1: '+44 (0) 7700 900 145' }),
    becomes('t.barlow', { phone1: '07700 900106' }),
  ],
];

const FIRST: State = {
  people: new Map(MEMBERS.map(one => [one.username, one])),
  units: new Map(UNITS.map(one => [one.group_no, one])),
};

const STORY: readonly State[] = (() => {
  const states = [FIRST];
  for (const deeds of DAYS) states.push(after(states.at(-1) ?? EMPTY, deeds));
  return states;
})();

function after(before: State, deeds: readonly Deed[]): State {
  const people = new Map(before.people);
  const units = new Map(before.units);
  for (const deed of deeds) deed(people, units);
  return { people, units };
}

const LEFT = new Set(['e.ashworth', 'o.thorne', 'm.hasegawa']);

const state = (number: number): State => STORY[number - 1] ?? EMPTY;
const neighbours = (number: number): DiffData => diffBetween(number - 1, number);

const TIMES = [1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 17, 20].map(
  day => `2025-11-${`${day}`.padStart(2, '0')}T18:00:05.120Z`,
);
const timeOf = (number: number): string => TIMES[number - 1] ?? '';

function snapshot(number: number): SnapshotData {
  const { people, units } = state(number);
  const memberships = [...people.values()].reduce((sum, one) => sum + one.departments.length, 0);
  const { counts } = neighbours(number);
  const sizes = { people: people.size, departments: units.size, memberships };
  return { number, at: timeOf(number), ...sizes, changes: counts, hold: number === 7 ? 2 : undefined };
}

const RUNS: readonly RunData[] = [
  {
    number: 9,
    started: '2025-11-05T18:00:00.000Z',
    status: 'failed',
    hold: undefined,
    why: 'source hr: connection refused by db.harbour.example:3306',
  },
  {
    number: 14,
    started: '2025-11-08T18:30:00.000Z',
    status: 'held',
    hold: 2,
    why: '3 people would be added to 28, and at most 2 may be at once',
  },
  { number: 22, started: '2025-11-12T18:00:00.000Z', status: 'interrupted', hold: undefined, why: '' },
  {
    number: 37,
    started: '2025-11-20T19:00:00.000Z',
    status: 'held',
    hold: 3,
    why: '8 of 31 people would be removed, and at most 5 may be at once',
  },
  {
    number: 38,
    started: '2025-11-20T20:00:00.000Z',
    status: 'failed',
    hold: undefined,
    why: 'source hr-tokyo: no answer from https://hr.tokyo.harbour.example/v2/people within 30 s',
  },
  {
    number: 39,
    started: '2025-11-21T08:00:00.000Z',
    status: 'failed',
    hold: undefined,
    why: 'source hr-tokyo: no answer from https://hr.tokyo.harbour.example/v2/people within 30 s',
  },
];

const LAST: DeliveryData = { snapshot: 10, client: 'omflow', at: '2025-11-14T19:00:00.000Z', finished: true };
const DELIVERIES: readonly DeliveryData[] = [
  { snapshot: 1, client: 'omflow', at: '2025-11-01T19:00:00.000Z', finished: true },
  { snapshot: 4, client: 'omflow', at: '2025-11-04T19:00:00.000Z', finished: true },
  { snapshot: 7, client: 'omflow', at: '2025-11-09T19:00:00.000Z', finished: false },
  { snapshot: 7, client: 'omflow', at: '2025-11-09T19:05:00.000Z', finished: true },
  LAST,
];

const STANDING: ReportData['standing'] = {
  troubles: ['held', 'stale'],
  newest: 12,
  served: 12,
  pinned: undefined,
  confirmed: '2025-11-20T18:00:05.120Z',
  failing: {
    since: '2025-11-20T20:00:00.000Z',
    why: 'source hr-tokyo: no answer from https://hr.tokyo.harbour.example/v2/people within 30 s',
  },
  lastRun: RUNS.at(-1),
  delivered: LAST,
};

const HAZARDS = [
  'OMFLOW may refuse everything after p.yeh, who would get pohan.yeh@harbour.example while c.lu still has it',
];

const QUARANTINED: ProblemData = {
  code: 'email_missing',
  effect: 'quarantined',
  source: 'hr',
  kind: 'person',
  name: 'r.ellery',
  text: 'has no email; it is left out until the source gives one',
};

const HELD = after(state(12), [
  ...['y.wang', 'm.tsai', 'h.yang', 't.lee', 'k.cheng', 'h.chou', 'k.liu', 'c.chang'].map(goes),
  closes('SUP-TW'),
  becomes('m.hale', { email: 'margaret.hale@harbour.example' }),
]);
const HELD_DIFF = diffOf([12, state(12)], ['held', HELD]);

const HOLD: HoldData = {
  number: 3,
  opened: '2025-11-20T19:00:04.000Z',
  findings: [
    {
      guard: 'source_rows',
      text: 'source hr gives 19 rows of people, 8 fewer than the 27 of its last good read; at most 5 fewer are believed',
    },
    { guard: 'people_removed', text: '8 of 31 people would be removed, and at most 5 may be at once' },
  ],
  counts: HELD_DIFF.counts,
  diff: HELD_DIFF,
  approvable: true,
};

const PROBLEMS: ProblemsData = {
  run: 36,
  listed: [
    QUARANTINED,
    {
      code: 'email_reused',
      effect: 'quarantined',
      source: 'hr-tokyo',
      kind: 'person',
      name: 'k.nishimura',
      text: 'email "s.takahashi@harbour.example" is that of s.takahashi',
    },
    {
      code: 'department_gone',
      effect: 'kept',
      source: 'hr',
      kind: 'department',
      name: 'LOG-TW',
      text: 'is not listed any more, but people are in it; it is served on',
    },
    {
      code: 'username_changed',
      effect: 'kept',
      source: 'hr',
      kind: 'person',
      name: 'g.whitfield',
      text: 'is called "g.hargreaves" at the source now; OMFLOW goes on with "g.whitfield"',
    },
    {
      code: 'nick_name_missing',
      effect: 'fixed',
      source: 'hr',
      kind: 'person',
      name: 'd.okafor',
      text: 'has no name; the username is shown instead',
    },
    {
      code: 'member_unknown',
      effect: 'dropped',
      source: 'hr-tokyo',
      kind: 'membership',
      name: 'n.petrov',
      text: 'is in department "GA-JP" by row 118, but no source has such a person',
    },
    {
      code: 'nick_name_markup',
      effect: 'warned',
      source: 'hr',
      kind: 'person',
      name: 'd.okafor',
      text: `"Daniel "Dan" Okafor" has one of < > " ' in it`,
    },
  ],
  counts: [
    { code: 'email_missing', effect: 'quarantined', count: 1 },
    { code: 'email_reused', effect: 'quarantined', count: 1 },
    { code: 'department_gone', effect: 'kept', count: 1 },
    { code: 'username_changed', effect: 'kept', count: 1 },
    { code: 'nick_name_missing', effect: 'fixed', count: 1 },
    { code: 'member_unknown', effect: 'dropped', count: 1 },
    { code: 'nick_name_markup', effect: 'warned', count: 4 },
  ],
};

const reads = (count: number, state: string): SourceData['reads'] =>
  Array.from({ length: count }, (_, place) => ({
    run: 39 - place,
    at: `2025-11-${21 - place}T18:00:0${place}.000Z`,
    state: place === 0 ? state : 'read',
    rows: { people: 27 - place, departments: 13, memberships: 31 },
    took: 640 + 37 * place,
  }));

const SOURCES: readonly SourceData[] = [
  {
    name: 'hr',
    required: true,
    failing: false,
    failingSince: undefined,
    why: undefined,
    read: '2025-11-21T08:00:01.000Z',
    rows: { people: 19, departments: 13, memberships: 21 },
    next: '2025-11-21T10:00:00.000Z',
    reads: reads(5, 'read'),
  },
  {
    name: 'hr-tokyo',
    required: false,
    failing: true,
    failingSince: '2025-11-20T20:00:00.000Z',
    why: 'no answer from https://hr.tokyo.harbour.example/v2/people within 30 s',
    read: '2025-11-20T19:00:01.000Z',
    rows: { people: 4, departments: 0, memberships: 4 },
    next: '2025-11-21T09:45:00.000Z',
    reads: reads(3, 'failed'),
  },
  {
    name: 'telephones',
    required: false,
    failing: false,
    failingSince: undefined,
    why: undefined,
    read: undefined,
    rows: undefined,
    next: undefined,
    reads: [],
  },
];
