import assert from 'node:assert/strict';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Block, blocksBetween, type Command, commandsOf, shows } from './support/document.ts';
import { temporaryFolder } from './support/folder.ts';
import { startPeer } from './support/http-peer.ts';
import { freshDatabase } from './support/mariadb.ts';
import { freePort } from './support/port.ts';
import { runProgram, startProgram } from './support/program.ts';
import { directory, startSlapd } from './support/slapd.ts';
import { unitIn } from './support/unit.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const README = await readFile(join(ROOT, 'README.md'), 'utf8');

/** A copy of the project to follow the README in, as a clone would be; the packages are those installed already. */
async function checkout(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  for (const name of ['package.json', 'package-lock.json', 'README.md', 'LICENSE', 'src', 'scripts', 'config']) {
    await cp(join(ROOT, name), join(folder.path, name), { recursive: true, preserveTimestamps: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  return folder;
}

/** Follows blocks in a folder: `read` tells what is typed for what stands there, `printed` what is shown for what came. */
async function follow(blocks: readonly Block[], reader: Reader): Promise<void> {
  for (const block of blocks) {
    if (block.language === 'console') for (const command of commandsOf(block)) await reader.console(command);
    else if (block.language === 'sql') await reader.sql(block.lines.join('\n'));
    else if (block.language === 'yaml' || block.language === 'csv' || block.language === 'ini')
      await reader.file(block.lines.join('\n'), block.language);
    else assert.fail(`nobody can follow a block of ${block.language}`);
  }
}

interface Reader {
  console(command: Command): Promise<void>;
  sql(text: string): Promise<unknown>;
  file(text: string, language: 'yaml' | 'csv' | 'ini'): Promise<void>;
}

const LISTENS = /\b127\.0\.0\.1:\d+/g;

function assertShows({ line, output }: Command, printed: string): void {
  const seen = printed.replace(LISTENS, '127.0.0.1:8642');
  assert.ok(shows(output, seen), `the README says of "${line}":\n${output.join('\n')}\n\nbut it printed:\n${seen}`);
}

const nothing = async () => assert.fail('not a part of this section');

test('the README, as a newcomer follows it: npm start, its curl lines, the diff, a change', async () => {
  await using folder = await checkout();
  await using stack = new AsyncDisposableStack();
  const runs = async (line: string) => {
    const { stdout, stderr } = await runProgram('sh', ['-c', line], { cwd: folder.path });
    return stdout + stderr;
  };
  const blocks = blocksBetween(README, 'demo', 'hr').filter(block => !block.lines.includes('$ npm test'));
  await follow(blocks, {
    sql: nothing,
    file: nothing,
    async console(command) {
      if (command.line !== 'npm start') return assertShows(command, await runs(command.line));
      const program = stack.use(await startProgram('npm', ['start'], { cwd: folder.path, group: true }));
      await program.waitFor(/The log is in/, 60_000);
      assertShows(command, program.output);
      const lines = program.output.split('\n').filter(line => line.startsWith('  curl') && !line.includes('/dev/null'));
      const [sync = '', authenticate = ''] = lines;
      assert.equal(JSON.parse(await runs(sync)).status, 'success');
      assert.equal(await runs(authenticate), '{"status":"success"}');
    },
  });
});

test('the README, as an administrator follows it: an HR database, OMFLOW, and a story in three versions', async () => {
  await using folder = await checkout();
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await freshDatabase());
  const { host } = new URL(database.url);
  const listen = `127.0.0.1:${await freePort()}`;
  const account = `${database.name}_reader`.slice(0, 32);
  let token = '';
  let tokenHash = '';
  const typed = (text: string) =>
    text
      .replaceAll('hr-db.example/hr', `${host}/${database.name}`)
      .replaceAll('rosterd_reader', account)
      .replaceAll('ON hr.', `ON ${database.name}.`)
      .replaceAll('sha256:…', tokenHash)
      .replaceAll('omflow:TOKEN', `omflow:${token}`)
      .replaceAll('127.0.0.1:8642', listen);
  stack.defer(async () => void (await database.execute(`drop user if exists ${account}`)));
  await follow(blocksBetween(README, 'hr', 'end'), {
    sql: text => database.execute(typed(text)),
    file: text => writeFile(join(folder.path, 'config/rosterd.yaml'), typed(text)),
    async console(command) {
      const line = typed(command.line);
      if (line === 'scripts/rosterd serve') {
        const daemon = stack.use(
          await startProgram(join(folder.path, line.split(' ')[0] ?? ''), ['serve'], { cwd: folder.path }),
        );
        await daemon.waitFor(/run found nothing changed/, 30_000);
        return;
      }
      const { stdout, stderr } = await runProgram('sh', ['-c', line], { cwd: folder.path });
      [, token = token] = /^ {2}([0-9a-f]{64})$/m.exec(stdout) ?? [];
      [, tokenHash = tokenHash] = /token_hash: "(.*?)"/.exec(stdout) ?? [];
      assertShows(command, stdout + stderr);
    },
  });
});

/** BambooHR's report of the three employees, for whoever has the key. */
const employees = ['Lin Yating a.lin', 'Wu Jun j.wu', 'Mori Sakura s.mori'].map((one, place) => {
  const [lastName, firstName, account] = one.split(' ');
  const numbers = { mobilePhone: `0900-000-10${place + 1}`, employeeNumber: `E10${place + 1}` };
  return { id: 500 + place, lastName, firstName, workEmail: `${account}@acme.example`, ...numbers };
});

test('the README, as an administrator with several systems follows it: a manifest, a directory, a file', async () => {
  await using folder = await checkout();
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await freshDatabase());
  const slapd = stack.use(await startSlapd());
  const lin = directory.people[0].dn;
  await slapd.add(`dn: ${lin}\nchangetype: modify\nadd: pager\npager: 1201\n`);
  const peer = stack.use(
    await startPeer(({ path, headers }, response) => {
      const known = headers.authorization === `Basic ${btoa('a-key:x')}` && path.endsWith('/acme/v1/reports/7');
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ title: 'Directory', employees }));
    }),
  );
  const secret = (name: string, text: string) => writeFile(join(folder.path, 'config', name), text, { mode: 0o600 });
  const reader = await database.reader();
  await secret('bamboohr_key', 'a-key');
  await secret('ldap_password', directory.reader.password);
  const origins = `'https://api.bamboohr.com': '${peer.origin}'`;
  const typed = (text: string) =>
    text
      .replace('mysql://rosterd_reader@hr-db.example/hr', reader)
      .replace(/^ *password: \$\{file:hr_password\}\n/m, '')
      .replace('sha256:…', `sha256:${'0'.repeat(64)}`)
      .replace('[ldaps://dc1.example, ldaps://dc2.example]', `[${slapd.url}]`)
      .replace(/^( *)required: false.*$/m, `$&\n$1hosts: { ${origins} }`)
      .replace(/^(scripts\/rosterd manifest test .*)$/, `$1 --host https://api.bamboohr.com=${peer.origin}`);
  const [tables] = blocksBetween(README, 'hr', 'end').filter(block => block.language === 'sql');
  await database.execute(tables?.lines.join('\n') ?? '');
  const [base] = blocksBetween(README, 'hr', 'end').filter(block => block.language === 'yaml');
  const [before = '', after = ''] = (base?.lines.join('\n') ?? '').split(/^(?=authenticate:)/m);
  let sources = '';
  await follow(blocksBetween(README, 'sources', 'end sources'), {
    sql: nothing,
    async file(text, language) {
      if (language === 'csv') return void (await writeFile(join(folder.path, 'config/contractors.csv'), `${text}\n`));
      sources += `${text}\n`;
    },
    async console(command) {
      const config = `${before}${sources}${after.replace(/^authenticate:[\s\S]*/, '')}`;
      await writeFile(join(folder.path, 'config/rosterd.yaml'), typed(config));
      const { stdout, stderr } = await runProgram('sh', ['-c', typed(command.line)], { cwd: folder.path });
      assertShows(command, stdout + stderr);
    },
  });
});

/** A small company in files, of which one person has left since the first snapshot. */
const STAFF = [
  '1,林雅婷,a.lin@acme.example,RD,F',
  '2,Jun Wu,j.wu@acme.example,RD,M',
  '3,森 さくら,s.mori@acme.example,RD,F',
];
const KEPT = `
timezone: Asia/Taipei
store: sqlite:roster.db
server: { clients: [{ name: omflow, scopes: [sync], token_hash: "sha256:${'0'.repeat(64)}" }] }
sources:
  - name: hr
    type: csv
    people:
      file: people.csv
      key: no
      map:
        username: { from: mail, transform: before_at }
        email: mail
        nick_name: name
        gender: { from: sex, map: { M: male, F: female } }
        departments: unit
    departments: { file: units.csv, map: { group_no: code, display_name: name } }
`;

test('the README, as an administrator who keeps the store follows it: history, erasure, a backup and the way back', async () => {
  await using folder = await checkout();
  await using backups = await temporaryFolder();
  const config = (name: string, lines: readonly string[]) =>
    writeFile(join(folder.path, 'config', name), `${lines.join('\n')}\n`);
  const employed = (some: readonly string[]) => config('people.csv', ['no,name,mail,unit,sex', ...some]);
  const runs = async (line: string) => {
    const { stdout, stderr } = await runProgram('sh', ['-c', line.replaceAll('/var/backups', backups.path)], {
      cwd: folder.path,
    });
    return (stdout + stderr).replaceAll(backups.path, '/var/backups');
  };
  await config('rosterd.yaml', [KEPT]);
  await config('units.csv', ['code,name', 'RD,Research']);
  for (const some of [STAFF, STAFF.filter(one => !one.includes('j.wu'))]) {
    await employed(some);
    assert.match(await runs('scripts/rosterd pull'), /^published as snapshot/m);
  }
  await follow(blocksBetween(README, 'keep', 'end keep'), {
    sql: nothing,
    file: nothing,
    console: async command => assertShows(command, await runs(command.line)),
  });
});

test('the README, as an administrator of a server follows it: a service, from its installation to an upgrade', async () => {
  await using folder = await checkout();
  await using root = await temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await freshDatabase());
  const store = stack.use(await freshDatabase());
  const { host } = new URL(database.url);
  const [listen, monitor] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const account = `${database.name}_reader`.slice(0, 32);
  const owner = `${store.name}_owner`.slice(0, 32);
  stack.defer(async () => void (await database.execute(`drop user if exists ${account}, ${owner}`)));
  let token = '';
  let tokenHash = '';
  /** Everything below the root instead of /, and the names of the databases and accounts that were made for this. */
  const typed = (text: string) =>
    text
      .replace(/^(cd \S+ && )?sudo /gm, '')
      .replace(
        /(?<![\w.])\/(etc\/rosterd|etc\/systemd|var\/lib\/rosterd|var\/backups|opt\/rosterd|usr\/local)/g,
        `${root.path}/$1`,
      )
      .replace(/^scripts\/install/, `scripts/install --root ${root.path}`)
      .replaceAll('hr-db.example/hr', `${host}/${database.name}`)
      .replaceAll('db.example/rosterd', `${host}/${store.name}`)
      .replaceAll('mysql://rosterd@', `mysql://${owner}@`)
      .replaceAll('rosterd_reader', account)
      .replaceAll(' ON hr.', ` ON ${database.name}.`)
      .replace(/^CREATE DATABASE rosterd CHARACTER SET utf8mb4;\n/m, '')
      .replace('CREATE USER rosterd IDENTIFIED', `CREATE USER ${owner} IDENTIFIED`)
      .replace('ON rosterd.* TO rosterd;', `ON ${store.name}.* TO ${owner};`)
      .replaceAll('sha256:…', tokenHash)
      .replaceAll('omflow:TOKEN', `omflow:${token}`)
      .replaceAll('127.0.0.1:8642', listen)
      .replaceAll('127.0.0.1:8643', monitor);
  const shown = (text: string) =>
    text
      .replaceAll(root.path, '')
      .replaceAll(`${host}/${store.name}`, 'db.example/rosterd')
      .replaceAll(`mysql://${owner}@`, 'mysql://rosterd@');
  const unit = stack.use(await unitIn(root.path, typed));
  const [tables] = blocksBetween(README, 'hr', 'end').filter(block => block.language === 'sql');
  await database.execute(tables?.lines.join('\n') ?? '');
  await mkdir(join(root.path, 'var/backups'), { recursive: true });
  await follow(blocksBetween(README, 'service', 'end service'), {
    sql: text => database.execute(typed(text)),
    async file(text, language) {
      if (language === 'yaml') return await writeFile(join(root.path, 'etc/rosterd/rosterd.yaml'), typed(text));
      const dropIns = join(root.path, 'etc/systemd/system/rosterd.service.d');
      await mkdir(dropIns, { recursive: true });
      await writeFile(join(dropIns, 'override.conf'), text);
    },
    async console(command) {
      const line = typed(command.line);
      const [, verb] = /^systemctl (?:enable --now|start|stop|restart|reload) rosterd$/.exec(line)
        ? line.split(' ')
        : [];
      if (line === 'systemctl edit rosterd' || line === 'git pull --quiet') return;
      if (verb !== undefined) return await unit.control(verb === 'enable' ? 'start' : verb);
      if (line.startsWith('journalctl'))
        return assertShows(command, unit.journal.trimEnd().split('\n').slice(-5).join('\n'));
      const env = { PATH: `${root.path}/usr/local/bin:${process.env['PATH']}` };
      const { stdout, stderr } = await runProgram('sh', ['-c', line], { cwd: folder.path, env, deadlineMs: 300_000 });
      [, token = token] = /^ {2}([0-9a-f]{64})$/m.exec(stdout) ?? [];
      [, tokenHash = tokenHash] = /token_hash: "(.*?)"/.exec(stdout) ?? [];
      assertShows(command, shown(stdout + stderr));
    },
  });
});
