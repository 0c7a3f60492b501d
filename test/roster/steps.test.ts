import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { settle } from './cases.ts';
import { assertServable, folded } from './servable.ts';
import { type Answer, answerOf, type Code, extract, row, Shelf } from './shelf.ts';

/**
 * What OMFLOW cannot take in one step, whatever a company does and whenever it is told. More of them, to hunt:
 * `ROSTERD_TEST_RUNS=20000 npm test -- test/roster/steps.test.ts`.
 */
const RUNS = Number(process.env['ROSTERD_TEST_RUNS'] ?? 150);
const SEED = process.env['ROSTERD_TEST_RUNS'] === undefined ? { seed: 20261122 } : {};

/** A client as it is after its last answer, and what it would not survive. */
class Client {
  /** By username, the email, also of those who were deleted: it stays theirs. */
  readonly #emails = new Map<string, string>();
  #parents: ReadonlyMap<string, string> = new Map();

  /** An answer that may need no step that it cannot take. */
  take(answer: Answer): void {
    for (const { username = '', email = '' } of answer.user_info_list) this.#assertFree(folded(email), username);
    this.takeDepartments(answer);
    this.endWith(answer);
  }

  takeDepartments(answer: Answer): void {
    const listed = parentsOf(answer);
    for (const code of listed.keys()) this.#assertNotBelowDeleted(code, listed);
    this.#parents = listed;
  }

  /** Whatever it took to get there. */
  endWith(answer: Answer): void {
    for (const { username = '', email = '' } of answer.user_info_list) this.#emails.set(username, folded(email));
    this.#parents = parentsOf(answer);
  }

  #assertFree(email: string, username: string): void {
    for (const [owner, theirs] of this.#emails) {
      assert(theirs !== email || owner === username, `${username} gets ${email}, which is that of ${owner}`);
    }
  }

  /** Whatever is deleted takes along what is below it in the tree that the client has. */
  #assertNotBelowDeleted(code: string, listed: ReadonlyMap<string, string>): void {
    for (let one = this.#parents.get(code) ?? ''; one !== ''; one = this.#parents.get(one) ?? '') {
      assert(listed.has(one), `${one} is deleted, and ${code}, which is listed, is below it`);
    }
  }
}

const parentsOf = ({ group_info_list }: Answer) =>
  new Map<string, string>(group_info_list.map(one => [one.group_no, one.parent_group_no]));

const often = <Value>(values: readonly Value[]) => fc.constantFrom(...values);

/** Everybody keeps their username, and all have the same few emails and departments. */
const aPerson = (number: number) =>
  fc.record({
    email: often(['a@x.y', 'b@x.y', 'c@x.y', `own${number}@x.y`]),
    departments: fc.array(often(['A', 'B', 'C', 'D']), { maxLength: 1 }),
    there: often([true, true, true, false]),
    moved: often([false, false, false, true]),
  });
const aDepartment = (code: string): fc.Arbitrary<Code | undefined> =>
  fc.option(
    often(['', '', 'A', 'B', 'C', 'D', 'E']).map((parent): Code => [code, code, parent]),
    { nil: undefined, freq: 3 },
  );

/** Who gets an answer after the run: nobody, or a client whose delivery is written at once, or after the next run. */
const aDelivery = fc.option(fc.record({ client: often(['omflow', 'omflow', 'test']), late: fc.boolean() }), {
  nil: undefined,
});

const aDay = fc.record({
  people: fc.tuple(...[1, 2, 3, 4].map(aPerson)),
  departments: fc.tuple(...['A', 'B', 'C', 'D', 'E'].map(aDepartment)),
  delivery: aDelivery,
});

type Day = typeof aDay extends fc.Arbitrary<infer One> ? One : never;

const extractsOf = ({ people, departments }: Day) => [
  extract(
    'hr',
    people.flatMap(({ there, moved, ...told }, at) =>
      // A new key, as a source gives it to somebody who comes back.
      there
        ? row(`${moved ? 'new' : ''}${at}`, { ...told, username: `u${at}`, nick_name: `U ${at}`, gender: 'male' })
        : [],
    ),
    { departments: departments.filter(one => one !== undefined) },
  ),
];

test('no answer needs a step that OMFLOW cannot take', () => {
  fc.assert(
    fc.property(fc.array(aDay, { minLength: 2, maxLength: 9 }), days => {
      const shelf = new Shelf();
      const clients = new Map<string, Client>();
      let late = () => {};
      for (const day of days) {
        const trip = settle(shelf, extractsOf(day), {});
        late();
        late = () => {};
        if (!day.delivery) continue;
        const { client, late: isLate } = day.delivery;
        const snapshot = shelf.newest;
        const write = () => shelf.deliver({ client, snapshot });
        // Of a client's very first delivery nobody can know before it is written.
        if (isLate && clients.has(client)) late = write;
        else write();
        const told = clients.get(client) ?? new Client();
        clients.set(client, told);
        told.take(answerOf(trip.candidate));
      }
    }),
    { ...SEED, numRuns: RUNS },
  );
});

test('nor does one to a client that an older snapshot was served to, as far as departments go', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(aDay, fc.nat(4)), { minLength: 2, maxLength: 9 }), days => {
      const shelf = new Shelf();
      const client = new Client();
      const answers: Answer[] = [];
      for (const [day, back] of days) {
        const trip = shelf.trip(extractsOf(day));
        assertServable(trip.candidate);
        shelf.publish(trip);
        answers[shelf.newest] ??= answerOf(trip.candidate);
        const snapshot = Math.max(1, shelf.newest - back);
        const answer = answers[snapshot];
        if (!day.delivery || !answer) continue;
        if (back === 0) client.takeDepartments(answer);
        else client.endWith(answer);
        shelf.deliver({ snapshot });
      }
    }),
    { ...SEED, numRuns: RUNS },
  );
});
