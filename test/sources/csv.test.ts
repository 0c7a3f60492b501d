import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import iconv from 'iconv-lite';
import { pull, readAll } from './configured.ts';
import { csv, names, people, temporaryFile } from './csv-files.ts';

suite('a table', () => {
  test('is mapped by the names in its header, blanks around them aside', async () => {
    const all = await people(
      ' id ,account, mail,upn,code,left,\n7, A.Lin ,,a@x.example,RD,2026-11-21,\n8,j.wu,  ,,,,\n',
      {
        key: 'id',
        map: {
          username: { from: 'account', transform: ['trim', 'lower'] },
          email: ['mail', 'upn'],
          departments: 'code',
        },
        extra: { upn: 'upn' },
        active: { not: { field: 'left', before_today: true } },
      },
    );
    assert.deepEqual(all, [
      {
        key: '7',
        fields: { username: 'a.lin', email: 'a@x.example' },
        departments: ['RD'],
        extra: [['upn', 'a@x.example']],
        active: false,
        broken: [],
      },
      { key: '8', fields: { username: 'j.wu' }, departments: [], extra: [], active: true, broken: [] },
    ]);
  });

  test('has quotes, line breaks and the delimiter in its values', async () => {
    const text = 'account,name\r\nann,"Lin, ""Ann"""\r\nbo,"two\r\nlines\nor three"\r\n\r\ncy,""\r\n';
    const all = [
      ['ann', 'Lin, "Ann"'],
      ['bo', 'two\r\nlines\nor three'],
      ['cy', undefined],
    ];
    assert.deepEqual(await names(text), all);
    assert.deepEqual(await names(text.trimEnd()), all);
  });

  for (const [kind, end] of Object.entries({ LF: '\n', 'CR LF': '\r\n', CR: '\r' })) {
    test(`has lines that end with ${kind}, and blank ones`, async () => {
      const text = ['', 'account,name', 'ann,Ann', '', 'bo,Bo', '', ''].join(end);
      assert.deepEqual(await names(text), [
        ['ann', 'Ann'],
        ['bo', 'Bo'],
      ]);
    });
  }

  test('has another delimiter', async () => {
    const expected = [['ann', 'Lin, Ann']];
    assert.deepEqual(await names('account;name\nann;Lin, Ann\n', { delimiter: ';' }), expected);
    assert.deepEqual(await names('account\tname\nann\tLin, Ann\n', { delimiter: '\t' }), expected);
    assert.deepEqual(await names('account||name\nann||Lin, Ann\n', { delimiter: '||' }), expected);
  });

  test('has names for its columns from the configuration', async () => {
    const columns = ['account', 'name'];
    assert.deepEqual(await names('ann,Ann\nbo,Bo\n', { columns }), [
      ['ann', 'Ann'],
      ['bo', 'Bo'],
    ]);
    assert.deepEqual(await names('\n', { columns }), []);
  });

  test('may have a column twice, and names that mean something else elsewhere, where nobody needs them', async () => {
    const text = 'x,account,__proto__,x,name,\n1,ann,2,3,Ann,4\n';
    assert.deepEqual(await names(text), [['ann', 'Ann']]);
    const map = { username: '__proto__' };
    assert.deepEqual((await people(text, { map }))[0]?.fields, { username: '2' });
  });

  test('may be both that of the people and that of the departments', async () => {
    await using both = await temporaryFile('account,code\nann,RD\n');
    const file = both.path;
    const map = { username: 'account', departments: 'code' };
    const all = await readAll(csv({ people: { file, map }, departments: { file, map: { group_no: 'code' } } }));
    assert.deepEqual(all.people[0]?.departments, ['RD']);
    assert.deepEqual(all.departments, [{ group_no: 'RD', display_name: '', parent_group_no: '', broken: [] }]);
  });
});

suite('an encoding', () => {
  const text = 'account,name\nann,林語堂\nbo,阿部\n';
  const table = [
    ['ann', '林語堂'],
    ['bo', '阿部'],
  ];
  for (const encoding of ['utf-8', 'big5', 'shift_jis', 'euc-jp', 'gb18030', 'utf-16', 'utf-16le', 'utf-16be']) {
    test(`is ${encoding}, as configured`, async () => {
      assert.deepEqual(await names(iconv.encode(text, encoding, { addBOM: false }), { encoding }), table);
    });
  }

  test('is windows-1252, as configured', async () => {
    const bytes = Buffer.from('account,name\nann,Zo\xeb \x80\n', 'latin1');
    assert.deepEqual(await names(bytes, { encoding: 'windows-1252' }), [['ann', 'Zoë €']]);
  });

  for (const encoding of ['utf-8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be']) {
    test(`is ${encoding}, as a byte order mark says, whatever is configured`, async () => {
      const bytes = iconv.encode(text, encoding, { addBOM: true });
      assert.notDeepEqual(bytes, iconv.encode(text, encoding, { addBOM: false }));
      for (const configured of ['utf-8', 'big5', 'utf-16', 'utf-16be']) {
        assert.deepEqual(await names(bytes, { encoding: configured }), table, configured);
      }
    });
  }

  test('has characters wherever one chunk ends and the next begins', async () => {
    const long = '😀'.repeat(17_000);
    for (const encoding of ['utf-8', 'utf-16le', 'utf-16be', 'gb18030']) {
      for (const shift of ['', 'a', 'ab', 'abc']) {
        const bytes = iconv.encode(`account,name\nann,${shift}${long}\n`, encoding, { addBOM: false });
        const [[, name] = []] = await names(bytes, { encoding });
        assert.ok(name === shift + long, `${encoding} after ${shift.length}`);
      }
    }
  });

  test('does not fit some bytes: a broken field of that row', async () => {
    const map = { username: 'account', nick_name: 'name' };
    const broken = async (name: readonly number[], encoding: string) => {
      const end = iconv.encode('\nbo,Bo\n', encoding);
      const bytes = Buffer.concat([iconv.encode('account,name\nann,', encoding), Buffer.from(name), end]);
      const [ann, bo] = await people(bytes, { map, encoding });
      assert.deepEqual([ann?.fields, bo?.fields], [{ username: 'ann' }, { username: 'bo', nick_name: 'Bo' }]);
      assert.deepEqual(bo?.broken, []);
      return ann?.broken;
    };
    const why = (text: string) => [{ field: 'nick_name', why: `column "name" has bytes that are not ${text}` }];
    assert.deepEqual(await broken([0x41, 0xff], 'utf-8'), why('utf-8 ("A\ufffd")'));
    assert.deepEqual(await broken([0xe6, 0x9e], 'utf-8'), why('utf-8 ("\ufffd")'));
    assert.deepEqual(await broken([0x41, 0xa4], 'big5'), why('big5 ("A\ufffd")'));
    assert.deepEqual(await broken([0x41, 0xa0], 'shift_jis'), why('shift_jis ("A\ufffd")'));
    assert.deepEqual(await broken([0x00, 0xd8], 'utf-16le'), why('utf-16le ("\ufffd")'));
    // Whoever wrote this had lost it already.
    assert.deepEqual(await broken([0xef, 0xbf, 0xbd], 'utf-8'), why('utf-8 ("\ufffd")'));
  });

  test('does not fit the name of a department: a broken field, too', async () => {
    await using units = await temporaryFile(Buffer.from('code,name\nRD,\xff\nHR,People\n', 'latin1'));
    const file = units.path;
    const map = { group_no: 'code', display_name: 'name' };
    const none = { file, map: { username: 'code' } };
    const { departments } = await readAll(csv({ people: none, departments: { file, map } }));
    const why = 'column "name" has bytes that are not utf-8 ("\ufffd")';
    assert.deepEqual(departments, [
      { group_no: 'RD', display_name: '', parent_group_no: '', broken: [{ field: 'display_name', why }] },
      { group_no: 'HR', display_name: 'People', parent_group_no: '', broken: [] },
    ]);
  });
});

suite('a large file', () => {
  const ROWS = 100_000;
  const row = (place: number) => `u${place},${'林'.repeat(8)}\n`;
  const text = `account,name\n${Array.from({ length: ROWS }, (_, place) => row(place)).join('')}`;

  /** The bytes that this process has read so far; Linux tells. */
  const bytesRead = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);

  test('is handed over while it is read, and read only as it is handed over', async () => {
    await using file = await temporaryFile(text);
    const before = bytesRead();
    const counts: number[] = [];
    for await (const batch of csv({ people: { file: file.path, map: { username: 'account' } } }).read(pull())) {
      assert(batch.kind === 'people');
      counts.push(batch.rows);
      if (counts.length > 1) continue;
      // Whoever would go on reading by himself has the occasion to.
      for (let place = 0; place < 1000; place++) await turn();
      assert.ok(bytesRead() - before < Buffer.byteLength(text) / 4, `${bytesRead() - before} bytes were read`);
    }
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      ROWS,
    );
    assert.ok(Math.max(...counts) <= 2000);
  });

  test('is handed over as far as it is in order, and then fails', async () => {
    await using file = await temporaryFile(`${text}last\n`);
    let count = 0;
    const reading = (async () => {
      for await (const batch of csv({ people: { file: file.path, map: { username: 'account' } } }).read(pull())) {
        if (batch.kind === 'people') count += batch.rows;
      }
    })();
    await assert.rejects(reading, { message: /people\.csv: line 100002 has 1 field, and the header has 2;/ });
    assert.ok(count > ROWS / 2 && count <= ROWS, `${count} came`);
  });
});
