import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import iconv from 'iconv-lite';
import { readAll, whyNot } from './configured.ts';
import { csv, temporaryFile, wrong } from './csv-files.ts';

const map = { username: 'account' };

suite('a header', () => {
  test('lacks a column, also one that is seldom looked at', async () => {
    const text = 'emp_id,Account,mail\n1,ann,a@x.example\n';
    assert.equal(await wrong(text), 'column "account" is not in the header: emp_id, Account, mail');
    const rare = { map: { username: 'Account', email: ['mail', 'upn'] } };
    assert.equal(await wrong(text, rare), 'column "upn" is not in the header: emp_id, Account, mail');
    const condition = { map: { username: 'Account' }, active: { any: [{ field: 'left', empty: true }] } };
    assert.equal(await wrong(text, condition), 'column "left" is not in the header: emp_id, Account, mail');
    assert.match(await wrong('emp_id\n'), /^column "account" is not in the header: emp_id$/);
    assert.match(await wrong(`${'x'.repeat(9999)}\n`), /^column "account" is not in the header: x{500} …$/);
  });

  test('is one column, because another delimiter is meant', async () => {
    const meant = (delimiter: string) => `; is that several columns? Then set delimiter: ${delimiter}`;
    const text = 'account;name\nann;Lin, Ann, Dr\n';
    assert.equal(await wrong(text), `column "account" is not in the header: account;name${meant('";"')}`);
    assert.ok((await wrong(text.replaceAll(';', '\t'))).endsWith(meant('"\\t"')));
    assert.ok((await wrong('account,name\n', { delimiter: ';' })).endsWith(meant('","')));
  });

  test('is in another encoding', async () => {
    const block = { map: { username: '帳號' } };
    const why = await wrong(iconv.encode('帳號\nann\n', 'big5'), block);
    assert.match(why, /^column "帳號" is not in the header: .+; it has bytes that are not utf-8: set encoding$/);
  });

  test('has a column twice that is needed', async () => {
    const text = 'account,name,account\nann,Ann,ann\n';
    const twice = 'column "account" is twice in the header: account, name, account; give one of them another name';
    assert.equal(await wrong(text), twice);
    const columns = ['account', 'account'];
    const named = 'column "account" is twice among columns: account, account; give one of them another name';
    assert.equal(await wrong('ann,ann\n', { columns }), named);
  });

  test('is missing, as in a file that is empty', async () => {
    for (const text of ['', '\n', '\r\n\r\n', '\ufeff']) {
      assert.equal(
        await wrong(text),
        'has no header; a file that was cut off or not written yet looks like that',
        JSON.stringify(text),
      );
    }
  });

  test('is there, where the configuration names the columns', async () => {
    const columns = ['account', 'name'];
    assert.equal(await wrong('account, name\nann,Ann\n', { columns }), 'line 1 is a header; leave columns out');
    assert.equal(await wrong('ann\n', { columns }), 'line 1 has 1 field, and columns names 2');
    assert.equal(await wrong('\nann,Ann,3\n', { columns }), 'line 2 has 3 fields, and columns names 2');
    const names = { columns: ['name'] };
    assert.equal(await wrong('ann\n', names), 'column "account" is not among columns: name');
  });

  test('is not expected, and there is nothing else', async () => {
    const empty =
      'is empty, as a file is that was cut off; where no header does, let a blank line say that no row is meant';
    assert.equal(await wrong('', { columns: ['account'] }), empty);
    assert.equal(await wrong('\ufeff', { columns: ['account'] }), empty);
  });
});

suite('a row', () => {
  test('has more or fewer fields than the header', async () => {
    const quotes = 'a value with "," in it needs quotes around it';
    const header = 'account,name\nann,Ann\n';
    assert.equal(await wrong(`${header}bo\n`), `line 3 has 1 field, and the header has 2; ${quotes}`);
    assert.equal(await wrong(`${header}bo,Bo,3`), `line 3 has 3 fields, and the header has 2; ${quotes}`);
    const columns = ['account', 'name'];
    assert.equal(await wrong('ann,Ann\nbo\n', { columns }), `line 2 has 1 field, and columns names 2; ${quotes}`);
    assert.match(await wrong(`${header}   \n`), /^line 3 has 1 field/);
  });

  test('is told by the line in which it starts', async () => {
    for (const end of ['\n', '\r\n']) {
      for (const within of ['\n', '\r\n', '\r']) {
        const start = ['', 'account,name', `ann,"1${within}2${within}${within}4"`, '', '', 'bo,Bo', ''].join(end);
        const at = async (row: string) => /^line (\d+) /.exec(await wrong(start + row))?.[1];
        const what = JSON.stringify([end, within]);
        assert.equal(await at(`cy${end}`), '10', what);
        assert.equal(await at(`cy,"1${within}2",3${end}`), '10', what);
        assert.equal(await at(`${end}${end}cy,"1${within}2${end}`), '12', what);
        assert.equal(await at(`cy,C"y"${end}`), '10', what);
      }
    }
  });

  test('has a quote that is never closed', async () => {
    const why = 'line 3 has a quote that is never closed; the file may be cut off';
    assert.equal(await wrong('account,name\nann,Ann\nbo,"Bo\ncy,Cy\n'), why);
    assert.equal(await wrong('account,name\nann,Ann\nbo,"'), why);
  });

  test('has a quote that is never closed, before very much', async () => {
    const why = 'line 2 begins a row of more than 4 MiB; has it a quote that is never closed?';
    assert.equal(await wrong(`account,name\nann,"Ann\n${'bo,Bo,3\n'.repeat(2 ** 19 + 99)}`), why);
  });

  test('has a quote in the middle of a value', async () => {
    const why =
      'line 2 has a quote in the middle of a value; put quotes around the whole value, and each one in it twice';
    assert.equal(await wrong('account,name\nann,Lin "Ann"\n'), why);
    assert.equal(await wrong('account,name\nann,"Lin" Ann\n'), why);
    assert.equal(await wrong('account,name\nann, "Lin"\n'), why);
  });
});

suite('the bytes', () => {
  test('have NUL among them', async () => {
    const utf16 = 'has NUL bytes, which no table has; is it UTF-16? Then set encoding: utf-16';
    assert.equal(await wrong(iconv.encode('account\nann\n', 'utf-16le', { addBOM: false })), utf16);
    assert.equal(await wrong('account\na\0nn\n', { encoding: 'big5' }), utf16);
    const other = 'has NUL characters, which no table has; is it really utf-16le?';
    assert.equal(await wrong(iconv.encode('account\na\0nn\n', 'utf-16le'), { encoding: 'utf-16' }), other);
  });

  test('end in the middle of a character', async () => {
    const why = (encoding: string) => `ends in the middle of a character of ${encoding}; the file may be cut off`;
    for (const encoding of ['utf-8', 'big5', 'shift_jis', 'gb18030', 'utf-16le', 'utf-16be', 'utf-32le']) {
      const bytes = iconv.encode('account\nann\n林', encoding);
      assert.equal(await wrong(bytes.subarray(0, -1), { encoding }), why(encoding));
    }
    for (const encoding of ['utf-16le', 'utf-16be']) {
      const half = iconv.encode('account\n😀', encoding).subarray(0, -2);
      assert.equal(await wrong(half, { encoding }), why(encoding));
    }
  });

  test('are not of the encoding, where no field could be told', async () => {
    await using people = await temporaryFile(Buffer.from('account,code\nann,\xff\n', 'latin1'));
    const { path } = people;
    const memberships = { file: path, map: { key: 'account', group_no: 'code' } };
    const why = `${path}: column "code" has bytes that are not utf-8 ("\ufffd")`;
    assert.equal(await whyNot(csv({ people: { file: path, map }, memberships })), why);
  });
});

suite('what is no file', () => {
  test('is missing', async () => {
    await using people = await temporaryFile('account\n');
    const missing = async (path: string) => {
      const why = `${path}: there is no such file; was it written yet, and to this place?`;
      assert.equal(await whyNot(csv({ people: { file: path, map } })), why);
    };
    await missing(`${people.path}.none`);
    await missing(join(people.path, 'none'));
    // Before anything else is read.
    const memberships = { file: `${people.path}.none`, map: { key: 'account', group_no: 'account' } };
    assert.match(await whyNot(csv({ people: { file: people.path, map: { username: 'x' } }, memberships })), /no such/);
  });

  test('is a folder, or a pipe', async () => {
    await using people = await temporaryFile('account\n');
    const folder = await whyNot(csv({ people: { file: people.folder, map } }));
    assert.equal(folder, `${people.folder}: is a folder; name a file in it`);
    const pipe = join(people.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const why = await whyNot(csv({ people: { file: pipe, map } }));
    assert.equal(why, `${pipe}: is a pipe or a device; name a regular file`);
  });

  test('is kept from us', async () => {
    await using people = await temporaryFile('account\n');
    const { folder, path } = people;
    const source = csv({ people: { file: path, map } });
    const why = `${path}: may not be read; let the account of this program read the file and enter the folders above it`;
    await chmod(path, 0);
    await chmod(folder, 0o755);
    assert.equal(await asNobody(() => whyNot(source)), why);
    await chmod(path, 0o644);
    assert.deepEqual((await asNobody(() => readAll(source))).people, []);
    await chmod(folder, 0);
    assert.equal(await asNobody(() => whyNot(source)), why);
    await chmod(folder, 0o755);
  });
});

/** For the superuser nothing is kept locked. */
async function asNobody<Value>(work: () => Promise<Value>): Promise<Value> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
