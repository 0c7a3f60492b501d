import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestProblems } from '../../src/sources/rest/problems.ts';
import { TurnedClock } from '../peers/reading.ts';
import { readAll, whyNot } from '../sources/configured.ts';
import { sourceConfig } from '../support/config.ts';
import { fileOf, type Service, serviceContract, sourceOf } from './contract.ts';
import * as bamboo from './peers/bamboohr.ts';
import { startHibob } from './peers/hibob.ts';
import * as personioPeer from './peers/personio.ts';
import { codeOf } from './peers/staff.ts';
import { startZoho } from './peers/zoho.ts';
import { bamboohr } from './services/bamboohr.ts';
import { hibob } from './services/hibob.ts';
import { taiwan } from './services/login-taiwan.ts';
import { personio } from './services/personio.ts';
import { smarthr } from './services/smarthr.ts';
import { zoho } from './services/zoho-people.ts';

serviceContract('BambooHR', bamboohr);
serviceContract('Personio', personio);
serviceContract('HiBob', hibob);
serviceContract('SmartHR', smarthr);
serviceContract('Zoho People', zoho);
serviceContract('a service with a login', taiwan);

test('BambooHR: a report with more columns gives more fields, without a change to the manifest', async () => {
  const clock = new TurnedClock();
  await using peer = await bamboohr.start({ clock });
  const extend = { data_structure: { key: 'id', ad_no: 'employeeNumber', departments: 'department' } };
  const { people } = await readAll(sourceOf(bamboohr, peer, clock, { extend }));
  assert.deepEqual(
    people.map(({ key, fields, departments }) => [key, fields.ad_no, ...departments]),
    bamboo.members.map(one => [bamboo.idOf(one), codeOf(one), one.unit.name]),
  );
});

const update: Service = { ...bamboohr, manifest: 'bamboohr-update.json' };

test('BambooHR: the update alone is refused, for it says of nobody who they are', () => {
  const block = { name: 'ids', type: 'rest', manifest: fileOf(update.manifest), values: update.values };
  const config = sourceConfig(block);
  assert(config.type === 'rest');
  assert.deepEqual(manifestProblems(config), [
    'data_structure.email: is missing: an update finds the people whom it is about by their email; add it there, or with ' +
      "the source's extend: { data_structure: { email: … } }",
  ]);
});

test('BambooHR: the update with an email brings the ids of people by their emails', async () => {
  const clock = new TurnedClock();
  await using peer = await update.start({ clock });
  const extend = { data_structure: { email: 'workEmail' } };
  const { people, rows, problems } = await readAll(sourceOf(update, peer, clock, { extend }));
  assert.deepEqual(
    people.map(({ key, extra }) => [key, extra]),
    bamboo.members.map(one => [one.email, [['bamboohr_id', bamboo.idOf(one)]]]),
  );
  assert.deepEqual([rows.people, problems], [300, []]);
});

test("Personio: a company's own attributes are added at the source", async () => {
  const clock = new TurnedClock();
  await using peer = await personio.start({ clock });
  const extend = { data_structure: { phone2: 'dynamic_1146702.value' } };
  const { people } = await readAll(sourceOf(personio, peer, clock, { extend }));
  assert.deepEqual(
    people.map(({ fields }) => fields.phone2),
    personioPeer.members.map(one => one.mobile),
  );
});

test('HiBob: a field that the service user may no longer see is noticed where it is expected', async () => {
  const clock = new TurnedClock();
  await using peer = await startHibob({ clock, hidden: ['root.email'] });
  const why = await whyNot(sourceOf(hibob, peer, clock, { expect: { fields: ['email'] } }));
  assert.match(why, /"email" is missing in 300 of 300 rows, .*has its account lost a permission\?/);
});

test('Zoho People: who is locked out for five minutes is told so, and nothing is read', async () => {
  const clock = new TurnedClock();
  await using peer = await zoho.start({ clock, allowed: 2 });
  const why = await whyNot(sourceOf(zoho, peer, clock));
  assert.match(why, /status 429, 5 times: .*You have exceeded the maximum threshold limit/);
});

test('Zoho People: "No records found" after the last record is the end of the list', async () => {
  const clock = new TurnedClock();
  await using peer = await startZoho({ clock, past: 'error' });
  const { people } = await readAll(sourceOf(zoho, peer, clock));
  await using other = await startZoho({ clock, past: 'nothing' });
  assert.deepEqual(people, (await readAll(sourceOf(zoho, other, clock))).people);
  assert.ok(people.length > 200, `${people.length}`);
});
