import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Served } from './support/hr.ts';
import { Omflow, OmflowRefused } from './support/omflow.ts';

type WirePerson = Served['user_info_list'][number];
type WireDepartment = Served['group_info_list'][number];

/** Somebody as an answer has them. */
const person = (username: string, fields: WirePerson = {}): WirePerson => ({
  username,
  email: `${username}@acme.example`,
  nick_name: username,
  ad_no: '',
  company: '',
  phone1: '',
  phone2: '',
  extension_no: '',
  gender: 'female',
  ...fields,
});

const department = (group_no: string, parent_group_no = '', user_list: readonly string[] = []): WireDepartment => ({
  display_name: `${group_no} department`,
  group_no,
  parent_group_no,
  user_list,
});

const success = (people: readonly WirePerson[], departments: readonly WireDepartment[] = []) =>
  JSON.stringify({ status: 'success', user_info_list: people, group_info_list: departments });

/** An OMFLOW that has taken these answers. */
function after(...bodies: readonly string[]): Omflow {
  const omflow = new Omflow();
  for (const body of bodies) omflow.receive(body);
  return omflow;
}

const usernames = (omflow: Omflow) => omflow.state().user_info_list.map(one => one['username']);
const codes = (omflow: Omflow) => omflow.state().group_info_list.map(one => one.group_no);

/** That a stand-in refuses an answer, and at which row and constraint. */
function refuses(omflow: Omflow, body: string, row: string, constraint: RegExp): void {
  assert.throws(
    () => omflow.receive(body),
    error => error instanceof OmflowRefused && error.row === row && constraint.test(error.constraint),
  );
}

suite('the stand-in for OMFLOW', () => {
  test('has what the answers said: people and departments that come, change, go and return', () => {
    const omflow = after(
      success([person('b.okafor'), person('a.lin')], [department('HQ', '', ['a.lin']), department('RD', 'HQ')]),
      success(
        [person('a.lin', { nick_name: 'Lin' }), person('k.sato')],
        [department('HQ'), department('IT', '', ['k.sato', 'a.lin'])],
      ),
      success(
        [person('a.lin', { nick_name: 'Lin' }), person('b.okafor')],
        [department('HQ'), department('IT', 'HQ', ['a.lin'])],
      ),
    );
    assert.deepEqual(omflow.state(), {
      user_info_list: [person('a.lin', { nick_name: 'Lin' }), person('b.okafor')],
      group_info_list: [department('HQ'), department('IT', 'HQ', ['a.lin'])],
    });
    assert.deepEqual([omflow.lost, omflow.returned], [[], []]);
  });

  test('takes bytes as well, and nothing from an answer that says fail', () => {
    const omflow = new Omflow();
    omflow.receive(new TextEncoder().encode(success([person('a.lin', { nick_name: '林雅婷' })])));
    const before = omflow.state();
    omflow.receive('{"status":"fail","message":"the first pull is still running"}');
    assert.deepEqual(omflow.state(), before);
    assert.equal(before.user_info_list[0]?.['nick_name'], '林雅婷');
    assert.throws(() => omflow.receive('{"status":"ok"}'), TypeError);
    assert.throws(() => omflow.receive(success([person('a.lin')]).slice(0, -1)), SyntaxError);
  });

  test('a roster of nobody is a success that takes everything away, and the next good one does not mend that', () => {
    const whole = success([person('a.lin')], [department('HQ'), department('RD', 'HQ', ['a.lin'])]);
    const omflow = after(whole, success([]));
    assert.deepEqual(omflow.state(), { user_info_list: [], group_info_list: [] });
    omflow.receive(whole);
    assert.deepEqual(usernames(omflow), ['a.lin']);
    assert.deepEqual(omflow.returned, ['HQ', 'RD']);
  });

  test('a department takes all below it along, by the tree that OMFLOW has', () => {
    const omflow = after(
      success([], [department('HQ'), department('RD', 'HQ'), department('RD-2', 'RD'), department('RD-2-1', 'RD-2')]),
      success([], [department('HQ'), department('RD-2-1', 'HQ')]),
    );
    assert.deepEqual(codes(omflow), ['HQ', 'RD-2-1']);
    assert.deepEqual(omflow.lost, ['RD-2-1']);
    assert.deepEqual(omflow.returned, []);
  });

  test('a department that is empty by then goes alone', () => {
    const omflow = after(
      success([], [department('HQ'), department('RD', 'HQ'), department('RD-2', 'RD')]),
      success([], [department('HQ'), department('RD', 'HQ'), department('RD-2', 'HQ')]),
      success([], [department('HQ'), department('RD-2', 'HQ')]),
    );
    assert.deepEqual(codes(omflow), ['HQ', 'RD-2']);
    assert.deepEqual(omflow.lost, []);
  });

  test('a cycle of parents is saved silently, and can be deleted', () => {
    const omflow = after(
      success([], [department('A'), department('B', 'A')]),
      success([], [department('A', 'B'), department('B', 'A')]),
    );
    assert.equal(omflow.state().group_info_list[0]?.parent_group_no, 'B');
    omflow.receive(success([]));
    assert.deepEqual(codes(omflow), []);
  });

  test('people before departments, or after: that shows in what is left of an answer that fails', () => {
    const before = success([person('a.lin')], [department('RD')]);
    const bad = success([person('a.lin'), person('j.wu')], [department('RD'), department('RD-2', 'nowhere')]);
    for (const peopleFirst of [false, true]) {
      const omflow = new Omflow({ peopleFirst });
      omflow.receive(before);
      refuses(omflow, bad, 'group "RD-2"', /^parent_group_no "nowhere" is no group$/);
      assert.deepEqual(usernames(omflow), peopleFirst ? ['a.lin', 'j.wu'] : ['a.lin']);
    }
  });
});

suite('the stand-in for OMFLOW refuses', () => {
  test('a child before its parent, after what came before it', () => {
    const omflow = new Omflow();
    const body = success([person('a.lin')], [department('HQ'), department('RD-2', 'RD'), department('RD', 'HQ')]);
    refuses(omflow, body, 'group "RD-2"', /^parent_group_no "RD" is no group$/);
    assert.deepEqual(codes(omflow), ['HQ']);
    assert.deepEqual(usernames(omflow), []);
  });

  test('itself as the parent of a new department', () => {
    refuses(new Omflow(), success([], [department('RD', 'RD')]), 'group "RD"', /^parent_group_no "RD" is no group$/);
  });

  test('an email that somebody else has', () => {
    const omflow = after(success([person('a.lin'), person('j.wu')]));
    const body = success([person('a.lin', { email: 'J.Wu@acme.example' }), person('j.wu')]);
    refuses(omflow, body, 'user "a.lin"', /^email "J\.Wu@acme\.example" is not unique: it is that of user "j\.wu"$/);
  });

  test('emails that are swapped in one step, and one that comes free only further down', () => {
    const a = { email: 'a.lin@acme.example' };
    const b = { email: 'j.wu@acme.example' };
    const before = success([person('a.lin', a), person('j.wu', b)]);
    const swapped = success([person('a.lin', b), person('j.wu', a)]);
    refuses(after(before), swapped, 'user "a.lin"', /^email .* is not unique/);
    const handedDown = success([person('a.lin', b), person('j.wu', { email: 'new@acme.example' })]);
    refuses(after(before), handedDown, 'user "a.lin"', /^email .* is not unique/);
    const handedUp = success([person('a.lin', { email: 'new@acme.example' }), person('j.wu', a)]);
    assert.doesNotThrow(() => after(before, handedUp));
  });

  test('the email of somebody who was deleted, for ever', () => {
    const omflow = after(success([person('a.lin'), person('j.wu')]), success([person('a.lin')]));
    const body = success([person('a.lin'), person('w.jun', { email: 'j.wu@acme.example' })]);
    for (const _ of ['at once', 'and again']) {
      refuses(omflow, body, 'user "w.jun"', /^email .* is not unique: it is that of the deleted user "j\.wu"$/);
    }
    assert.doesNotThrow(() => omflow.receive(success([person('a.lin'), person('j.wu')])));
  });

  test('a username that differs from another in letter case alone, or comes twice', () => {
    const other = person('A.Lin', { email: 'other@acme.example' });
    refuses(after(success([person('a.lin')])), success([other]), 'user "A.Lin"', /^username is not unique: .*deleted/);
    refuses(new Omflow(), success([person('a.lin'), other]), 'user "A.Lin"', /^username is not unique$/);
    refuses(new Omflow(), success([person('a.lin'), person('a.lin')]), 'user "a.lin"', /^username is not unique$/);
  });

  test('a group_no that comes twice', () => {
    const body = success([], [department('RD'), department('IT'), department('rd')]);
    refuses(new Omflow(), body, 'group "rd"', /^group_no is not unique$/);
  });

  test('a member who is no user, who was deleted, or who comes twice', () => {
    const of = (...members: string[]) => success([person('a.lin')], [department('RD', '', members)]);
    refuses(new Omflow(), of('a.lin', 'nobody'), 'group "RD"', /^user_list names "nobody", who is no user$/);
    refuses(after(success([person('j.wu')])), of('j.wu'), 'group "RD"', /^user_list names "j\.wu", who is no user$/);
    refuses(new Omflow(), of('a.lin', 'a.lin'), 'group "RD"', /^user_list names somebody twice$/);
  });

  const LONGEST = {
    username: 150,
    email: 254,
    nick_name: 50,
    ad_no: 100,
    company: 200,
    phone1: 20,
    phone2: 20,
    extension_no: 20,
  };
  for (const [field, longest] of Object.entries(LONGEST)) {
    test(`more than ${longest} characters of ${field}`, () => {
      const body = (length: number) => success([person('a.lin', { [field]: '😀'.repeat(length) })]);
      assert.doesNotThrow(() => after(body(longest)));
      assert.throws(() => after(body(longest + 1)), {
        constraint: new RegExp(`^${field} has ${longest + 1} characters`),
      });
    });
  }

  test('a department whose code or name is too long', () => {
    refuses(
      new Omflow(),
      success([], [department('x'.repeat(151))]),
      `group "${'x'.repeat(151)}"`,
      /^group_no has 151/,
    );
    const long = { ...department('RD'), display_name: '部'.repeat(201) };
    refuses(new Omflow(), success([], [long]), 'group "RD"', /^display_name has 201 characters/);
  });

  test('a field that is missing, null or no gender', () => {
    const { phone2: _, ...without } = person('a.lin');
    refuses(new Omflow(), success([without]), 'user "a.lin"', /^phone2 is missing$/);
    const blank = { ...person('a.lin'), company: null } as unknown as WirePerson;
    refuses(new Omflow(), success([blank]), 'user "a.lin"', /^company is null$/);
    refuses(new Omflow(), success([person('a.lin', { gender: 'F' })]), 'user "a.lin"', /^gender is "F"$/);
  });
});
