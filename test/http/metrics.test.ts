import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { NOTICES } from '../../src/config/notify.ts';
import { type Metrics, openMetrics, type Stand } from '../../src/http/metrics.ts';
import { NO_CHANGES } from '../../src/roster/compare.ts';
import { type Outcome, runNumber, snapshotNumber, sourceName } from '../../src/roster/model.ts';
import { hold, minutesAgo, NOW, pin, well } from './standing.ts';

const opened = () => openMetrics({ version: '1.2.3' });
const standing = (more: Partial<Stand> = {}): Stand => ({ health: well, expires: undefined, ready: true, ...more });
const secondsAt = (date: Date) => date.getTime() / 1000;

/** What is exposed under a name: values by labels as they are written, `""` for none. */
async function exposed(metrics: Metrics, name: string, stand = standing()): Promise<Record<string, number>> {
  const lines = (await metrics.text(stand)).split('\n');
  return Object.fromEntries(
    lines.flatMap(line => {
      const [, found, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return found === name ? [[labels, Number(value)]] : [];
    }),
  );
}

const ended = (outcome: Outcome, joined = false) => ({ run: runNumber(1), outcome, report: undefined, joined });
const changes = { ...NO_CHANGES, people_added: 3, people_renamed: 1, departments_modified: 2, memberships_removed: 5 };
const published = ended({ status: 'published', snapshot: snapshotNumber(8), changes });

suite('what counts', () => {
  test('begins with 0', async () => {
    const metrics = await opened();
    for (const [name, series] of [
      ['rosterd_runs_total', 4],
      ['rosterd_changes_total', Object.keys(NO_CHANGES).length],
      ['rosterd_logins_total', 4],
      ['rosterd_deliveries_total', 2],
      ['rosterd_notifications_total', 4 * 3 * NOTICES.length],
    ] as const) {
      const values = Object.values(await exposed(metrics, name));
      assert.deepEqual(values, Array(series).fill(0), name);
    }
  });

  test('of runs: how they ended, how long they took and what was published; not those that were only waited for', async () => {
    const metrics = await opened();
    metrics.run(published, 1500);
    metrics.run({ ...published, joined: true }, 1500);
    metrics.run(
      ended({ status: 'held', hold: undefined, reasons: [], changes: { ...changes, people_added: 900 } }),
      40_000,
    );
    metrics.run(ended({ status: 'failed', problems: [] }), 200);
    metrics.run(ended({ status: 'unchanged', snapshot: snapshotNumber(8) }), 900);
    assert.deepEqual(await exposed(metrics, 'rosterd_runs_total'), {
      'outcome="published"': 1,
      'outcome="unchanged"': 1,
      'outcome="held"': 1,
      'outcome="failed"': 1,
    });
    assert.deepEqual(await exposed(metrics, 'rosterd_run_duration_seconds_count'), { '': 4 });
    assert.deepEqual(await exposed(metrics, 'rosterd_run_duration_seconds_sum'), { '': 42.6 });
    const buckets = await exposed(metrics, 'rosterd_run_duration_seconds_bucket');
    assert.deepEqual([buckets['le="0.25"'], buckets['le="2.5"'], buckets['le="3600"']], [1, 3, 4]);
    assert.deepEqual(await exposed(metrics, 'rosterd_changes_total'), {
      'kind="people",change="added"': 3,
      'kind="people",change="modified"': 0,
      'kind="people",change="removed"': 0,
      'kind="people",change="renamed"': 1,
      'kind="departments",change="added"': 0,
      'kind="departments",change="modified"': 2,
      'kind="departments",change="removed"': 0,
      'kind="memberships",change="added"': 0,
      'kind="memberships",change="removed"': 5,
    });
  });

  test('of calls: no path but those that there are', async () => {
    const metrics = await opened();
    metrics.call({ path: '/sync', status: 200, ms: 300 });
    metrics.call({ path: '/authenticate', status: 401, ms: 3 });
    metrics.call({ path: '/some/where', status: 404, ms: 1 });
    metrics.call({ path: '/else', status: 404, ms: 1 });
    metrics.call({ path: '/sync', status: undefined, ms: 20_000 });
    assert.deepEqual(await exposed(metrics, 'rosterd_http_requests_total'), {
      'path="/sync",status="200"': 1,
      'path="/authenticate",status="401"': 1,
      'path="other",status="404"': 2,
      'path="/sync",status="none"': 1,
    });
    const buckets = await exposed(metrics, 'rosterd_http_request_duration_seconds_bucket');
    assert.equal(buckets['le="0.5",path="/sync"'], 1);
    assert.equal(buckets['le="30",path="/sync"'], 2);
  });

  test('of logins, deliveries and notices', async () => {
    const metrics = await opened();
    metrics.login({ outcome: 'accepted', ms: 40 });
    metrics.login({ outcome: 'unavailable', ms: 10_000 });
    const sent = { snapshot: snapshotNumber(7), client: 'omflow', requestId: 'r', at: NOW, bytes: 9 };
    metrics.delivery({ ...sent, finished: true });
    metrics.delivery({ ...sent, finished: false });
    metrics.announced({ channel: 'webhook https://hooks.example', kind: 'held', outcome: 'sent' });
    metrics.announced({ channel: 'email to ops@acme.example', kind: 'held', outcome: 'later', why: 'no answer' });
    assert.equal((await exposed(metrics, 'rosterd_logins_total'))['outcome="accepted"'], 1);
    assert.deepEqual(await exposed(metrics, 'rosterd_login_duration_seconds_sum'), { '': 10.04 });
    assert.deepEqual(await exposed(metrics, 'rosterd_deliveries_total'), {
      'outcome="finished"': 1,
      'outcome="broken_off"': 1,
    });
    const told = await exposed(metrics, 'rosterd_notifications_total');
    assert.equal(told['type="webhook",kind="held",outcome="sent"'], 1);
    assert.equal(told['type="email",kind="held",outcome="later"'], 1);
  });
});

suite('what stands', () => {
  test('is told of a daemon that nothing is wrong with', async () => {
    const metrics = await opened();
    for (const [name, value] of [
      ['rosterd_ready', { '': 1 }],
      ['rosterd_store_up', { '': 1 }],
      ['rosterd_failing', { '': 0 }],
      ['rosterd_stale', { '': 0 }],
      ['rosterd_hold_open', { '': 0 }],
      ['rosterd_hold_opened_timestamp_seconds', {}],
      ['rosterd_pinned', { '': 0 }],
      ['rosterd_quarantined', { '': 2 }],
      ['rosterd_served_people', { '': 1204 }],
      ['rosterd_served_departments', { '': 63 }],
      ['rosterd_served_memberships', { '': 1377 }],
      ['rosterd_snapshot_number', { '': 7 }],
      ['rosterd_snapshot_published_timestamp_seconds', { '': secondsAt(minutesAgo(300)) }],
      ['rosterd_snapshot_confirmed_timestamp_seconds', { '': secondsAt(minutesAgo(10)) }],
      ['rosterd_last_good_run_timestamp_seconds', { '': secondsAt(minutesAgo(10)) }],
      ['rosterd_certificate_expiry_timestamp_seconds', {}],
      ['rosterd_source_up', { 'source="hr"': 1 }],
      ['rosterd_source_last_read_timestamp_seconds', { 'source="hr"': secondsAt(minutesAgo(11)) }],
      [
        'rosterd_source_rows',
        {
          'source="hr",kind="people"': 1300,
          'source="hr",kind="departments"': 63,
          'source="hr",kind="memberships"': 1500,
        },
      ],
      ['rosterd_last_delivery_timestamp_seconds', { 'client="omflow"': secondsAt(minutesAgo(60)) }],
      ['rosterd_build_info', { [`version="1.2.3",node="${process.versions.node}"`]: 1 }],
    ] as const) {
      assert.deepEqual(await exposed(metrics, name), value, name);
    }
  });

  test('is told of one with which everything is wrong', async () => {
    const metrics = await opened();
    const [source] = well.sources;
    assert.ok(source);
    const failing = { since: minutesAgo(2000), why: 'source hr: no answer' };
    const bad = { failing, staleSince: failing.since, hold, pin, sources: [{ ...source, failing: true }] };
    const stand = standing({ health: { ...well, ...bad }, ready: false, expires: NOW });
    for (const [name, value] of [
      ['rosterd_ready', { '': 0 }],
      ['rosterd_failing', { '': 1 }],
      ['rosterd_stale', { '': 1 }],
      ['rosterd_hold_open', { '': 1 }],
      ['rosterd_hold_opened_timestamp_seconds', { '': secondsAt(hold.opened) }],
      ['rosterd_pinned', { '': 1 }],
      ['rosterd_source_up', { 'source="hr"': 0 }],
      ['rosterd_certificate_expiry_timestamp_seconds', { '': secondsAt(NOW) }],
    ] as const) {
      assert.deepEqual(await exposed(metrics, name, stand), value, name);
    }
  });

  test('is gone as soon as it is not so any more', async () => {
    const metrics = await opened();
    const [source, other] = well.sources;
    assert.ok(source && other);
    await metrics.text(standing({ health: { ...well, hold }, expires: NOW }));
    const next = standing({ health: { ...well, sources: [{ ...source, source: sourceName('erp') }] } });
    assert.deepEqual(await exposed(metrics, 'rosterd_source_up', next), { 'source="erp"': 1 });
    assert.deepEqual(await exposed(metrics, 'rosterd_hold_opened_timestamp_seconds', next), {});
    assert.deepEqual(await exposed(metrics, 'rosterd_certificate_expiry_timestamp_seconds', next), {});
  });

  test('is not told while the store does not answer, and before anything was published', async () => {
    const metrics = await opened();
    await metrics.text(standing());
    const blind = standing({ health: { error: 'no answer' }, ready: false, expires: NOW });
    assert.deepEqual(await exposed(metrics, 'rosterd_store_up', blind), { '': 0 });
    assert.deepEqual(await exposed(metrics, 'rosterd_certificate_expiry_timestamp_seconds', blind), {
      '': secondsAt(NOW),
    });
    const empty = { ...well, served: undefined, confirmed: undefined, good: undefined, sources: [], deliveries: [] };
    for (const stand of [blind, standing({ health: empty })]) {
      for (const name of ['rosterd_served_people', 'rosterd_source_up', 'rosterd_last_good_run_timestamp_seconds']) {
        assert.deepEqual(await exposed(metrics, name, stand), {}, name);
      }
    }
    assert.deepEqual(await exposed(metrics, 'rosterd_hold_open', blind), {});
  });

  test('besides tells of the process itself', async () => {
    const text = await (await opened()).text(standing());
    for (const name of [
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_gc_duration_seconds',
    ])
      assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'));
  });
});

test('names that a source or a client bears cannot break the format', async () => {
  const metrics = await opened();
  const [source] = well.sources;
  assert.ok(source);
  const odd = standing({ health: { ...well, sources: [{ ...source, source: sourceName('a"b\\c\nd') }] } });
  assert.deepEqual(await exposed(metrics, 'rosterd_source_up', odd), { 'source="a\\"b\\\\c\\nd"': 1 });
});

test('two registries do not mind each other', async () => {
  const [one, other] = [await opened(), await opened()];
  one.login({ outcome: 'refused', ms: 1 });
  assert.equal((await exposed(other, 'rosterd_logins_total'))['outcome="refused"'], 0);
});
