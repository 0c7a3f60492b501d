import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../src/roster/model.ts';
import { type Chance, chanceOf, givenSeed } from './support/chance.ts';
import { differences, Omflow } from './support/omflow.ts';
import { Company } from './year/company.ts';
import type { Day } from './year/day.ts';
import { reorganise } from './year/departments.ts';
import { EVENTS } from './year/events.ts';
import { type Calendar, openYearHouse, type Served, type YearHouse } from './year/house.ts';
import { endOutage, OUTAGE, PROTECTED, TROUBLES, type Trouble } from './year/troubles.ts';

/**
 * A year of a company of three hundred, a run a day, and what OMFLOW makes of it. The seed decides what happens on which
 * day: `ROSTERD_TEST_SEED=7 npm test -- test/year.test.ts` is another year.
 */
const SEED = 20_260_105;
const DAYS = 365;
const FIRST_DAY = Date.parse('2026-01-05T00:00:00Z');
const A_DAY = 86_400_000;

/** The source is down from the first of these days to the last. */
const OUTAGES = [
  [110, 112],
  [262, 266],
] as const;
/** A division is dissolved on the first of these days, and the hold approved on the last. */
const REORGANISATION = [200, 202] as const;
/** How often `/sync` may have to be asked again until OMFLOW has everything that waits for a delivery. */
const MORE = 2;
/** How likely it is on a good day that OMFLOW gets an answer and the daemon dies before it has recorded that. */
const UNSEEN = 0.05;
/** How likely it is otherwise that OMFLOW asks at all. */
const ASKS = 0.8;

interface Year {
  readonly company: Company;
  readonly chance: Chance;
  readonly calendar: Calendar;
  readonly house: YearHouse;
  /** One for each order in which the real one may work. */
  readonly clients: readonly Omflow[];
  readonly agenda: Map<number, ((day: Day) => void)[]>;
  readonly counts: Map<string, number>;
}

const dateOf = (number: number) => new Date(FIRST_DAY + number * A_DAY).toISOString().slice(0, 10);
const isWithin = (number: number, [first, last]: readonly [number, number]) => first <= number && number <= last;

function count({ counts }: Year, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** Five divisions of six departments each, and about three hundred people. */
function foundCompany(chance: Chance): Company {
  const company = new Company();
  company.open('', 'HQ');
  for (const division of ['MFG', 'RD', 'SALES', 'OPS', 'IT']) {
    company.open('HQ', division);
    for (let place = 0; place < 6; place += 1) company.open(division);
  }
  const codes = [...company.units.keys()];
  const somewhere = () => chance.pick(codes) ?? 'HQ';
  for (let place = 0; place < 280; place += 1) company.hire('hr', somewhere());
  for (let place = 0; place < 15; place += 1) company.hire('contractors', somewhere());
  company.hire('hr', 'HQ', { account: PROTECTED, freeOn: Number.POSITIVE_INFINITY });
  return company;
}

/** Which day is spoilt by what. Each trouble comes once in its turn; on some of the other days, any of them. */
function troubleOn(number: number, { chance }: Year): Trouble | undefined {
  if (OUTAGES.some(outage => isWithin(number, outage))) return OUTAGE;
  const turn = (number - 12) / 22;
  if (Number.isInteger(turn) && TROUBLES[turn]) return TROUBLES[turn];
  const isQuiet = number > 5 && !isWithin(number, REORGANISATION);
  return isQuiet && chance.happens(0.05) ? chance.pick(TROUBLES) : undefined;
}

function dayOf(year: Year, number: number): Day {
  const { company, chance, agenda } = year;
  return {
    company,
    chance,
    number,
    date: (ahead = 0) => dateOf(number + ahead),
    later: (days, what) => agenda.set(number + days, [...(agenda.get(number + days) ?? []), what]),
  };
}

/** What happens on any day: never so much that a guard would have to ask. */
function happen(year: Year, day: Day): void {
  for (const what of year.agenda.get(day.number) ?? []) what(day);
  for (const [name, [timesAYear, event]] of EVENTS) {
    if (year.chance.happens(timesAYear / DAYS) && event(day)) count(year, name);
  }
}

/** What `/sync` would answer with, taken by OMFLOW. */
async function send({ house, clients }: Year): Promise<Served> {
  const served = await house.served();
  for (const client of clients) client.receive(served.body);
  return served;
}

/** The same, and the delivery is recorded; sometimes after one that OMFLOW did not get. */
async function deliver(year: Year): Promise<void> {
  if (year.chance.happens(0.05)) {
    await year.house.delivered(await year.house.served(), false);
    count(year, 'deliveries broken off');
  }
  await year.house.delivered(await send(year));
  count(year, 'deliveries');
}

/** OMFLOW gets an answer, and the daemon dies before that is recorded. */
async function deliverUnseen(year: Year): Promise<void> {
  await send(year);
  count(year, 'deliveries never recorded');
}

function assertGood(outcome: Outcome, context: string): void {
  const why = outcome.status === 'held' ? outcome.reasons : outcome.status === 'failed' ? outcome.problems : [];
  const isGood = outcome.status === 'published' || outcome.status === 'unchanged';
  assert.ok(isGood, `${context}: ${outcome.status}: ${why.map(one => one.text).join('; ')}`);
}

/** OMFLOW asks until it has everything that waited for a delivery. */
async function settle(year: Year, context: string): Promise<void> {
  const { company, house, calendar, clients } = year;
  const truth = company.truth(calendar.today);
  const differing = () => clients.flatMap(client => differences(client.state(), truth));
  await deliver(year);
  let wrong = differing();
  for (let more = 0; more < MORE && wrong.length > 0; more += 1) {
    assertGood((await house.pull()).outcome, `${context}, asked again`);
    count(year, 'asked again');
    await deliver(year);
    wrong = differing();
  }
  const [last] = await house.store.runs.list(1);
  assert.deepEqual(wrong, [], `${context}; the last run said:\n${last?.problems.map(one => one.text).join('\n')}`);
}

/** Nothing that is wrong may be published, and OMFLOW keeps what it has. */
async function suffer(year: Year, trouble: Trouble, context: string): Promise<void> {
  const { house, company, calendar, clients } = year;
  const before = await house.served();
  const line = await trouble.bring(house, company.tables(calendar.today), company.truth(calendar.today));
  const { outcome } = await house.pull(line);
  const told = outcome.status === 'failed' ? outcome.problems.map(one => `${one.source}: ${one.text}`).join('; ') : '';
  if ('failed' in trouble.ends) assert.match(told, trouble.ends.failed, `${context}: ${outcome.status}`);
  else {
    const guards = outcome.status === 'held' ? outcome.reasons.map(one => one.guard) : [];
    assert.ok(guards.includes(trouble.ends.held), `${context}: ${outcome.status} ${guards} ${told}`);
  }
  assert.deepEqual(await house.served(), before, context);
  count(year, `bad days that ${outcome.status}`);
  if (year.chance.happens(0.5)) return;
  if (outcome.status === 'failed') await deliver(year);
  else for (const client of clients) client.receive('{"status":"fail","message":"a hold stands"}');
}

async function live(year: Year, number: number): Promise<void> {
  const { company, chance, calendar, house } = year;
  const day = dayOf(year, number);
  const context = `seed ${chance.seed}, day ${number}`;
  calendar.today = dateOf(number);
  if (number > 0) happen(year, day);
  if (OUTAGES.some(([, last]) => number === last + 1)) endOutage(house);
  const trouble = troubleOn(number, year);
  if (trouble !== OUTAGE) house.write(company.tables(calendar.today));
  if (trouble) return suffer(year, trouble, `${context}, when ${trouble.what}`);
  if (isWithin(number, REORGANISATION)) return reorganised(year, day, context);
  const { outcome } = await house.pull();
  assertGood(outcome, context);
  assert.equal(await house.store.holds.open(), undefined, context);
  count(year, outcome.status);
  if (chance.happens(UNSEEN)) await deliverUnseen(year);
  else if (chance.happens(ASKS)) await settle(year, context);
}

/** A hold that stands for days, and is approved in the end. */
async function reorganised(year: Year, day: Day, context: string): Promise<void> {
  const { house, company, calendar } = year;
  if (day.number === REORGANISATION[0]) {
    const removed = reorganise(day);
    assert.ok(removed > 5, `${context}: only ${removed} departments go`);
    house.write(company.tables(calendar.today));
  }
  const { outcome } = await house.pull();
  assert.ok(outcome.status === 'held', `${context}: ${outcome.status}`);
  assert.ok(
    outcome.reasons.some(one => one.guard === 'departments_removed'),
    context,
  );
  if (day.number < REORGANISATION[1]) return;
  const approval = await house.approve();
  assert.ok(approval.status === 'approved', context);
  assertGood(approval.next.outcome, `${context}, after the approval`);
  count(year, 'holds approved');
  await settle(year, context);
}

test('a year: OMFLOW has what is true after every good day, and keeps it on every bad one', {
  timeout: 120_000,
}, async t => {
  const chance = chanceOf(givenSeed(SEED));
  let moment = 0;
  const calendar: Calendar = {
    today: dateOf(0),
    now() {
      moment = Math.max(moment + 1000, Date.parse(`${this.today}T01:00:00Z`));
      return new Date(moment);
    },
  };
  await using house = await openYearHouse(calendar, { protect: [PROTECTED] });
  const clients = [new Omflow(), new Omflow({ peopleFirst: true })];
  const company = foundCompany(chance);
  const year: Year = { company, chance, calendar, house, clients, agenda: new Map(), counts: new Map() };
  for (let number = 0; number < DAYS; number += 1) await live(year, number);
  for (const client of clients) assert.deepEqual([client.lost, client.returned], [[], []]);
  const people = company.truth(calendar.today).user_info_list.length;
  const told = [...year.counts].map(([what, times]) => `${times} ${what}`).join(', ');
  t.diagnostic(`seed ${chance.seed}: ${people} people at the end; ${told}`);
});
