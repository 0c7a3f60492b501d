import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnedClock } from '../peers/reading.ts';
import { readAll, whyNot } from '../sources/configured.ts';
import { serviceContract, sourceOf } from './contract.ts';
import { startSlack } from './peers/slack.ts';
import { google } from './services/google-workspace.ts';
import { graph } from './services/microsoft-graph.ts';
import { okta } from './services/okta.ts';
import { scim } from './services/scim.ts';
import { slack } from './services/slack.ts';

serviceContract('Microsoft Graph', graph);
serviceContract('Okta', okta);
serviceContract('Google Workspace', google);
serviceContract('Slack', slack);
serviceContract('SCIM 2.0', scim);

test('Microsoft Graph: an unknown application says so', async () => {
  const clock = new TurnedClock();
  await using peer = await graph.start({ clock });
  const values = { ...graph.values, CLIENT_ID: 'another' };
  const why = await whyNot(sourceOf(graph, peer, clock, { values }));
  assert.match(why, /status 400: .*AADSTS700016: Application was not found in the directory/);
});

test('Google Workspace: an administrator who did not delegate is told as such', async () => {
  const clock = new TurnedClock();
  await using peer = await google.start({ clock });
  const values = { ...google.values, ADMIN_EMAIL: 'nobody@acme.example' };
  const why = await whyNot(sourceOf(google, peer, clock, { values }));
  assert.match(why, /^POST https:\/\/oauth2\.googleapis\.com\/token: .*unauthorized_client/);
});

test('Slack: bots, guests and strangers are counted as read, and are no people', async () => {
  const clock = new TurnedClock();
  await using peer = await slack.start({ clock });
  const { people, rows } = await readAll(sourceOf(slack, peer, clock));
  assert.deepEqual([rows.people, people.length], [435, 430]);
});

test('Slack: what it could not do itself is asked for again', async () => {
  const clock = new TurnedClock();
  await using peer = await startSlack({ clock, stumbling: true });
  const { people } = await readAll(sourceOf(slack, peer, clock));
  assert.equal(people.length, 430);
  assert.deepEqual(clock.waits, [2000, 2000, 2000, 2000]);
});
