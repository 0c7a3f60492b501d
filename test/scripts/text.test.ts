import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { failureOf } from '../../scripts/failures.ts';
import { columns, table, widthOf, wrapped } from '../../scripts/text/columns.ts';
import { ago, endOfDay, isDay, minuteIn, span } from '../../scripts/text/time.ts';
import { jsonLine, looksAlike, visible } from '../../scripts/text/visible.ts';
import { maskField, masking, maskText } from '../../src/views/mask.ts';
import { runProgram } from '../support/program.ts';

suite('columns', () => {
  test('count what a terminal shows', () => {
    assert.equal(columns('a.lin'), 5);
    assert.equal(columns('研發'), 4);
    assert.equal(columns('Jose\u0301'), 4);
  });

  test('are as wide as the longest that is not out of all proportion', () => {
    assert.equal(widthOf(['a', 'abc', 'x'.repeat(100)], { most: 50 }), 3);
    assert.equal(widthOf([], { least: 7 }), 7);
  });

  test('hold a table, numbers to the right', () => {
    assert.deepEqual(
      table(
        [
          ['研發', '7', 'x'],
          ['S', '12', ''],
        ],
        { indent: 2, right: [1] },
      ),
      ['  研發   7  x', '  S     12'],
    );
  });

  test('let a list of names go on below itself', () => {
    assert.deepEqual(wrapped(['+ aa', '+ bb', '+ cc'], { start: '  RD  ', width: 16 }), [
      '  RD  + aa  + bb',
      '      + cc',
    ]);
    assert.deepEqual(wrapped(['+ as long as it is'], { start: 'RD  ', width: 5 }), ['RD  + as long as it is']);
  });
});

suite('times', () => {
  test('are printed in the time zone', () => {
    assert.equal(minuteIn('Asia/Taipei', new Date('2026-08-20T18:00:30Z')), '2026-08-21 02:00');
    assert.equal(minuteIn('UTC', new Date('2026-01-01T00:05:00Z')), '2026-01-01 00:05');
  });

  test('are told by how long ago they were', () => {
    const now = new Date('2026-08-20T12:00:00Z');
    const words = ['11:59:30', '11:59:00', '11:30:00', '10:59:00', '00:00:00'].map(time =>
      ago(new Date(`2026-08-20T${time}Z`), now),
    );
    assert.deepEqual(words, ['just now', '1 minute ago', '30 minutes ago', '1 hour ago', '12 hours ago']);
    assert.equal(ago(new Date('2026-08-18T11:00:00Z'), now), '2 days ago');
  });

  test('have spans as precise as they deserve', () => {
    assert.deepEqual([40, 9_900, 12_000, 200_000, 7_500_000].map(span), [
      '0.0 s',
      '9.9 s',
      '12 s',
      '3 min 20 s',
      '2 h 5 min',
    ]);
  });

  test('know when a day ends, wherever, and whatever the clocks do', () => {
    assert.equal(endOfDay('UTC', '2026-11-20').toISOString(), '2026-11-20T23:59:59.999Z');
    assert.equal(endOfDay('Asia/Taipei', '2026-11-20').toISOString(), '2026-11-20T15:59:59.999Z');
    assert.equal(endOfDay('Europe/Berlin', '2026-03-29').toISOString(), '2026-03-29T21:59:59.999Z');
    assert.equal(endOfDay('Pacific/Kiritimati', '2026-01-01').toISOString(), '2026-01-01T09:59:59.999Z');
    // There the clocks go from midnight to one, and the day before ends all the same.
    assert.equal(endOfDay('Africa/Cairo', '2026-04-23').toISOString(), '2026-04-23T21:59:59.999Z');
  });

  test('have days that are in the calendar', () => {
    assert.deepEqual(['2026-02-28', '2026-02-30', '2026-2-1', 'today'].map(isDay), [true, false, false, false]);
  });
});

suite('what is hidden in a text', () => {
  test('is spelled out, and what scripts and emoji need is not', () => {
    assert.equal(
      visible('a\u0000b\u001b[31m\u009b\u202e\u2066\u200b\u2028\ud800'),
      'a<U+0000>b<U+001B>[31m<U+009B><U+202E><U+2066><U+200B><U+2028><U+D800>',
    );
    assert.equal(visible('\u3164\u00ad\u{e0041}'), '<U+3164><U+00AD><U+E0041>');
    assert.equal(visible('林安 می‌خواهم 👩‍💻 葛󠄀'), '林安 می‌خواهم 👩‍💻 葛󠄀');
  });

  test('is escaped in JSON, which stays what it was', () => {
    const value = { name: 'a\u202e\u007f\u009b\u{e0041}b' };
    const text = jsonLine(value);
    assert.match(text, /^[\x20-\x7e]+\n$/);
    assert.deepEqual(JSON.parse(text), value);
  });

  test('makes texts look alike', () => {
    assert.ok(looksAlike('José', 'Jose\u0301'));
    assert.ok(looksAlike('a\u200cb', 'ab'));
    assert.ok(!looksAlike('a', 'b'));
  });
});

suite('masking', () => {
  test('leaves the first letters of an email and of a telephone number', () => {
    assert.equal(maskField('email', 'm.chen@acme.example'), 'm…@a…');
    assert.equal(maskField('email', 'nonsense'), 'n…');
    assert.equal(maskField('phone1', '+886 2 2345'), '+…');
    assert.equal(maskField('nick_name', 'Mei Chen'), 'Mei Chen');
    assert.equal(maskField('username', 'm.chen@acme.example'), 'm…@a…');
    assert.equal(maskField('extra.mobile', '0912-345-678'), '0…');
    assert.equal(maskField('phone2', ''), '');
  });

  test('finds them in sentences and in objects', () => {
    assert.equal(
      maskText('email "a@b.c" is the same as that of "x"; phone1 "(02) 2345-6789"'),
      'email "a…@b…" is the same as that of "x"; phone1 "(0…"',
    );
    const event = { field: 'phone1', old: '02-2345', new: '', reason: 'of a@b.c', at: new Date(0) };
    assert.equal(
      JSON.stringify(event, masking),
      '{"field":"phone1","old":"0…","new":"","reason":"of a…@b…","at":"1970-01-01T00:00:00.000Z"}',
    );
  });
});

suite('failures', () => {
  test('are no mistakes of ours where the system or the database refuses', () => {
    const refused = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', syscall: 'listen' });
    assert.deepEqual(failureOf(refused, 'serve'), { text: 'rosterd: listen EADDRINUSE', code: 4 });
    const gone = Object.assign(new Error('server has gone away'), { code: 'ER_GONE', sqlState: '08S01' });
    assert.deepEqual(failureOf(gone, 'log'), {
      text: 'rosterd: the store cannot be read: server has gone away',
      code: 4,
    });
    assert.match(failureOf('a string', 'log').text, /^rosterd: this is a mistake in rosterd itself: a string\n/);
  });
});

test('colours are for terminals, and not with NO_COLOR', async () => {
  const code = `import { lookOf, styled } from ${JSON.stringify(new URL('../../scripts/text/look.ts', import.meta.url).href)};
    process.stdout.write(styled('red', 'x', lookOf({ zone: 'UTC' })));`;
  const call = '"$NODE" --disable-warning=ExperimentalWarning --input-type=module -e "$CODE"';
  const env = {
    NODE: process.execPath,
    CODE: code,
    NO_COLOR: undefined,
    FORCE_COLOR: '1',
    TERM: 'xterm',
    CI: undefined,
  };
  assert.equal((await runProgram('sh', ['-c', call], { env })).stdout, 'x');
  // script(1) makes a terminal; it is a part of every Debian.
  const terminal = await runProgram('script', ['-qec', call, '/dev/null'], { env });
  assert.match(terminal.stdout, /\u001b\[31mx\u001b\[39m/);
  const plain = await runProgram('script', ['-qec', call, '/dev/null'], { env: { ...env, NO_COLOR: '1' } });
  assert.doesNotMatch(plain.stdout, /\u001b\[31m/);
});
