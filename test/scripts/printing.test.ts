import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import stringWidth from 'string-width';
import { company } from '../support/company.ts';
import { runProgram } from '../support/program.ts';

suite('what is printed', () => {
  test('keeps columns aligned whatever the script', async () => {
    await using at = await company();
    at.sql("insert into units values ('研發', '研究開發部', ''), ('S', 'Sales', '')");
    at.hire({ account: 'a.lin', name: '林安', dept: '研發' }, { account: 'b.mori', name: 'もり', dept: 'S' });
    at.hire({ account: 'c.kim', name: '김민수', dept: '研發' }, { account: 'd.o', name: 'José 👩‍💻', dept: '研發' });
    await at.run('2026-08-20T02:00:00Z');
    const lines = (await at.rosterd('diff')).stdout.split('\n').filter(line => line.endsWith('(hr)'));
    assert.equal(lines.length, 6);
    assert.equal(new Set(lines.map(line => stringWidth(line))).size, 1, lines.join('\n'));
    const tree = (await at.rosterd('show')).stdout.split('\n').filter(line => / (person|people)$/.test(line));
    assert.equal(new Set(tree.map(line => stringWidth(line.replace(/\d+ \w+$/, '')))).size, 1, tree.join('\n'));
  });

  test('never sends control characters or bidi overrides to the terminal', async () => {
    await using at = await company();
    const hostile = '\u202egnp.exe\u0007\u001b]0;owned\u0007\u2028\u00ad';
    at.sql(`insert into units values ('EV', '${hostile}', '')`);
    at.hire({ account: 'e.vil', name: hostile, phone: `1${hostile}`, dept: `x${hostile}` }, { account: `a${hostile}` });
    await at.run('2026-08-20T02:00:00Z');
    const printed = new Map<string, string>();
    for (const line of ['diff', 'diff --json', 'show --json', 'status', 'person e.vil']) {
      const [command = '', ...args] = line.split(' ');
      const { stdout } = await at.rosterd(command, args);
      assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u2028\u202e]/, line);
      printed.set(line, stdout);
    }
    assert.match(printed.get('diff') ?? '', /<U\+202E>gnp\.exe/);
    const { people_list } = JSON.parse(printed.get('show --json') ?? '') as { people_list: { nick_name: string }[] };
    assert.match(people_list[0]?.nick_name ?? '', /^\u202egnp/);
    const stranger = await at.rosterd('person', ['\u001b[31mred\u202e']);
    assert.match(stranger.stderr, /"<U\+001B>\[31mred<U\+202E>"/);
  });

  test('spells out values that look the same', async () => {
    await using at = await company();
    at.hire({ account: 'j', name: 'José' });
    await at.run('2026-08-20T02:00:00Z');
    at.sql("update hr set name = 'Jose\u0301'");
    await at.run('2026-08-21T02:00:00Z');
    assert.match((await at.rosterd('diff')).stdout, /nick_name {2}Jos<U\+00E9> → Jose<U\+0301>/);
  });

  test('may be cut short by its reader', async () => {
    await using at = await company();
    at.hire(...Array.from({ length: 5000 }, (_, number) => ({ account: `staff${number}` })));
    await at.run('2026-08-20T02:00:00Z');
    for (const command of ['diff', 'diff --json']) {
      const line = `set -o pipefail; scripts/rosterd ${command} --config '${at.configFile}' | head -n 2`;
      const { stdout, stderr, code } = await runProgram('bash', ['-c', line]);
      assert.equal(stdout.split('\n').length, 3);
      assert.deepEqual([stderr, code], ['', 0]);
    }
  });
});
