import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parse } from 'yaml';
import { ask } from './http/house.ts';
import { hold, NOW, watched, well } from './http/standing.ts';
import { temporaryFolder } from './support/folder.ts';
import { runProgram } from './support/program.ts';

/** What comes for Prometheus and Grafana agrees with what the daemon tells, and is what the two take. */

const FOLDER = join(import.meta.dirname, '../config/monitoring');
const RULES = join(FOLDER, 'rosterd-alerts.yml');
const DASHBOARD = join(FOLDER, 'grafana-dashboard.json');

const promtool = await runProgram('promtool', ['--version']).catch(() => undefined);
const skip = promtool ? false : 'there is no promtool, which comes with the package prometheus';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: unknown;
  readonly targets?: readonly { readonly expr: string; readonly datasource: unknown }[];
}

const rules: readonly Rule[] = parse(readFileSync(RULES, 'utf8')).groups[0].rules;
const panels: readonly Panel[] = JSON.parse(readFileSync(DASHBOARD, 'utf8')).panels;
const shown = panels.flatMap(panel => panel.targets?.map(target => target.expr) ?? []);
const expressions = [...rules.map(rule => rule.expr), ...shown];

/** All that a daemon tells when there is something to tell of everything. */
async function exposition(): Promise<string> {
  const health = { ...well, hold };
  await using house = await watched({ probe: async () => ({ health, expires: NOW }) });
  return (await ask(house, '/metrics', { method: 'GET' })).body.toString();
}

/** The names in it, those of histograms as they are asked for. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map(end => name + end) : [name],
  );

const namedIn = (expression: string) => expression.match(/\b(rosterd|nodejs|process)_\w+/g) ?? [];

/** What it says when all is well, run in the folder of the rules. */
async function succeeds(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await runProgram('promtool', args, { cwd: FOLDER, input });
  assert.equal(code, 0, `${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

suite('promtool', { skip }, () => {
  test('takes the rules and the configuration', async () => {
    await succeeds(['check', 'rules', 'rosterd-alerts.yml']);
    await succeeds(['check', 'config', 'prometheus.yml']);
  });

  test('finds that each alert fires when it should, and not otherwise', async () => {
    assert.match(await succeeds(['test', 'rules', 'rosterd-alerts.test.yml']), /SUCCESS/);
  });

  test('has nothing to say against the metrics', async () => {
    assert.equal(await succeeds(['check', 'metrics'], await exposition()), '');
  });

  test('understands what the dashboard asks for', async () => {
    await using folder = await temporaryFolder();
    const asked = shown.map((expr, at) => ({
      record: `panel:${at}`,
      expr: expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '2m'),
    }));
    const file = join(folder.path, 'rules.yml');
    // JSON is YAML, too.
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: asked }] }));
    assert.match(await succeeds(['check', 'rules', file]), new RegExp(`${shown.length} rules found`));
  });
});

suite('the alerts', () => {
  test('are tried, each of them', () => {
    const tried = readFileSync(join(FOLDER, 'rosterd-alerts.test.yml'), 'utf8');
    for (const { alert, labels } of rules) {
      assert.ok(tried.includes(`alertname="${alert}", severity="${labels.severity}"`), `${alert}, ${labels.severity}`);
    }
  });

  test('say what is wrong, what to do and where to read more', () => {
    for (const { alert, labels, annotations } of rules) {
      assert.deepEqual(Object.keys(annotations), ['summary', 'description', 'runbook'], alert);
      assert.match(annotations['summary'] ?? '', /\{\{ \$labels\.instance \}\}/, alert);
      assert.match(annotations['description'] ?? '', /\.$/, alert);
      assert.equal(annotations['runbook'], 'README.md, "When an alert fires"', alert);
      assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert);
    }
  });

  test('name a section that the README has', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    assert.ok(/^#+ When an alert fires$/m.test(readme), 'README.md has no section "When an alert fires"');
  });
});

suite('the dashboard', () => {
  test('has panels that each have their own number and place', () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(x < 24, `${title} leaves the page`);
          assert.equal(taken.get(`${x} ${y}`), undefined, `${title} covers another`);
          taken.set(`${x} ${y}`, title);
        }
      }
    }
  });

  test('asks the data source that is chosen, for the instances that are chosen', () => {
    const chosen = { type: 'prometheus', uid: '${datasource}' };
    for (const { type, title, datasource, targets = [] } of panels) {
      if (type === 'row') continue;
      assert.deepEqual(datasource, chosen, title);
      assert.ok(targets.length > 0, title);
      for (const target of targets) {
        assert.deepEqual(target.datasource, chosen, title);
        assert.match(target.expr, /instance=~"\$instance"/, title);
      }
    }
  });
});

suite('what is told and what is asked for', () => {
  test('are the same: there is each metric that an alert or a panel names', async () => {
    const there = new Set(namesIn(await exposition()));
    assert.deepEqual(
      expressions.flatMap(namedIn).filter(name => !there.has(name)),
      [],
    );
  });

  test('are the same: each metric of ours is in an alert or on the dashboard', async () => {
    const named = new Set(expressions.flatMap(namedIn).map(withoutEnd));
    const ours = new Set(
      namesIn(await exposition())
        .filter(isOurs)
        .map(withoutEnd),
    );
    assert.ok(ours.size > 25);
    assert.deepEqual(
      [...ours].filter(name => !named.has(name)),
      [],
    );
  });

  test('are the same: there is each value of a label that an alert asks for', async () => {
    const text = await exposition();
    const selectors = rules.flatMap(({ expr }) => [...expr.matchAll(/(rosterd_\w+)\{(\w+="\w+")\}/g)]);
    assert.ok(selectors.length >= 4);
    for (const [whole, name = '', label = ''] of selectors) {
      const lines = text.split('\n').filter(line => line.startsWith(`${name}{`) && line.includes(label));
      assert.ok(lines.length > 0, whole);
    }
  });
});

const isOurs = (name: string) => name.startsWith('rosterd_');
const withoutEnd = (name: string) => name.replace(/_(bucket|sum|count)$/, '');
