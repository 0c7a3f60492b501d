import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';

/** The rules of the house: which room may import which. Types may come from anywhere, for they are gone at run time. */

const ROOT = dirname(import.meta.dirname);

interface Import {
  /** As written: `../roster/model.ts`, `node:fs`, `koa`. */
  readonly from: string;
  /** Within the house, the file it names, from the top level; else the same as `from`. */
  readonly target: string;
  readonly isType: boolean;
}

interface File {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** `import … from '…'`, `export … from '…'`, `import '…'`, `import('…')`, at the start of a statement or in the middle of an expression. */
const STATEMENT =
  /^[ \t]*(?:import|export)\s+(type\s+)?([^'";]*?)\bfrom\s*'([^']+)'|^[ \t]*import\s*'([^']+)'|\bimport\(\s*['"`]([^'"`]+)['"`]\s*\)(\.[A-Z])?/gm;

export function importsOf(path: string, text: string): Import[] {
  return [...withoutComments(text).matchAll(STATEMENT)].map(([, type, , named, bare, dynamic, isTypeOf]) => {
    const from = named ?? bare ?? dynamic ?? '';
    const target = from.startsWith('.') ? join(dirname(path), from) : from;
    return { from, target, isType: type !== undefined || isTypeOf !== undefined };
  });
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

function filesIn(folder: string): File[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => {
      const path = relative(ROOT, join(entry.parentPath, entry.name));
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, text, imports: importsOf(path, text) };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const source = filesIn('src');

/** They put the real parts together; `line.ts` and `configuration.ts` are what the roots and the command line have in common. */
const ROOTS = ['src/main.ts', 'src/run-worker.ts', 'src/line.ts', 'src/configuration.ts'];
const isRoot = (path: string) => ROOTS.includes(path) || path.startsWith('scripts/');

/** The room that a file is in: `roster`; files beside the rooms are rooms of their own. */
const roomOf = (path: string) => path.split('/')[1] ?? '';

/** What each room may import at run time besides itself and packages. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  roster: [],
  connect: [],
  config: ['roster', 'connect'],
  sources: ['roster', 'connect'],
  store: ['roster', 'connect'],
  logins: ['roster', 'connect'],
  http: ['roster', 'connect'],
  views: ['roster', 'runs'],
  report: ['roster', 'runs', 'views'],
  notices: ['roster', 'connect'],
  systemd: [],
  runs: ['roster'],
};

const atRunTime = (file: File) => file.imports.filter(one => !one.isType);
const inHouse = (one: Import) => one.from.startsWith('.');
const shown = (broken: readonly { path: string; from: string }[]) =>
  broken.map(one => `${one.path} imports ${one.from}`);

describe('imports', () => {
  test('there are some, of every kind', () => {
    const text = [
      "import a, { type B } from './a.ts';",
      "import type { C } from './c.ts';",
      "import {\n  type D,\n  e,\n} from '../d.ts';",
      "export { f } from './f.ts';",
      "import './g.ts';",
      "const h = await import('./h.ts');",
      "type I = import('./i.ts').Inner;",
      "// import j from './j.ts';",
      "import * as k from 'node:k';",
    ].join('\n');
    assert.deepEqual(
      importsOf('src/room/x.ts', text).map(one => `${one.target}${one.isType ? ' type' : ''}`),
      [
        'src/room/a.ts',
        'src/room/c.ts type',
        'src/d.ts',
        'src/room/f.ts',
        'src/room/g.ts',
        'src/room/h.ts',
        'src/room/i.ts type',
        'node:k',
      ],
    );
    assert(source.length > 50 && source.flatMap(file => file.imports).length > 200);
  });

  test('name a file that there is, with .ts at its end', () => {
    const there = new Set([...source, ...filesIn('scripts'), ...filesIn('config')].map(file => file.path));
    const broken = [...source, ...filesIn('scripts')].flatMap(file =>
      file.imports
        .filter(one => inHouse(one) && !one.from.includes('${') && !there.has(one.target))
        .map(one => ({ path: file.path, from: one.from })),
    );
    assert.deepEqual(shown(broken), []);
  });

  test('go only from room to room as the house allows', () => {
    const broken = source
      .filter(file => !isRoot(file.path))
      .flatMap(file => {
        const room = roomOf(file.path);
        const may = MAY[room] ?? [];
        return atRunTime(file)
          .filter(one => inHouse(one) && roomOf(one.target) !== room && !may.includes(roomOf(one.target)))
          .map(one => ({ path: file.path, from: one.from }));
      });
    assert.deepEqual(shown(broken), []);
  });

  test('every room is known', () => {
    const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory());
    assert.deepEqual(
      rooms.map(entry => entry.name).filter(name => !(name in MAY)),
      [],
    );
  });

  test('of src never lead to scripts or test', () => {
    const broken = source.flatMap(file =>
      file.imports
        .filter(one => inHouse(one) && !one.target.startsWith('src/'))
        .map(one => ({ path: file.path, from: one.from })),
    );
    assert.deepEqual(shown(broken), []);
  });

  test('of the roster are itself, node: and, in compare.ts alone, deep-diff', () => {
    const broken = source
      .filter(file => roomOf(file.path) === 'roster')
      .flatMap(file =>
        file.imports
          .filter(
            one =>
              !inHouse(one) &&
              !one.from.startsWith('node:') &&
              !(one.from === 'deep-diff' && file.path === 'src/roster/compare.ts'),
          )
          .map(one => ({ path: file.path, from: one.from })),
      );
    assert.deepEqual(shown(broken), []);
    const pure = /^node:(crypto|zlib|buffer|util)$/;
    const impure = source
      .filter(file => roomOf(file.path) === 'roster')
      .flatMap(file =>
        file.imports
          .filter(one => one.from.startsWith('node:') && !pure.test(one.from))
          .map(one => ({ path: file.path, from: one.from })),
      );
    assert.deepEqual(shown(impure), []);
  });

  test('of deep-diff are in roster/compare.ts alone', () => {
    const users = [...source, ...filesIn('scripts')].filter(file => file.imports.some(one => one.from === 'deep-diff'));
    assert.deepEqual(
      users.map(file => file.path),
      ['src/roster/compare.ts'],
    );
  });

  test('of node:http are types: its values are in connect/node-http.ts, which costs less', () => {
    const users = source.filter(file => atRunTime(file).some(one => one.from === 'node:http'));
    assert.deepEqual(
      users.map(file => file.path),
      [],
    );
  });

  test('make no cycle', () => {
    const next = new Map(
      [...source, ...filesIn('scripts')].map(file => [file.path, atRunTime(file).map(one => one.target)]),
    );
    assert.deepEqual(cyclesIn(next), []);
    assert.deepEqual(
      cyclesIn(
        new Map([
          ['a', ['b']],
          ['b', ['c', 'd']],
          ['c', ['a']],
          ['d', ['d']],
        ]),
      ),
      ['a → b → c → a', 'd → d'],
    );
  });
});

function cyclesIn(next: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, way: readonly string[]) => {
    if (way.includes(path)) cycles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (done.has(path) || way.includes(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) walk(path, []);
  return cycles;
}

describe('what only the roots may do', () => {
  const forbidden = (pattern: RegExp, files: readonly File[]) =>
    files.filter(file => pattern.test(withoutComments(file.text))).map(file => file.path);

  test('read the environment: besides them, the secrets that a configuration names', () => {
    assert.deepEqual(
      forbidden(
        /\bprocess\s*(\.|\[')env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/,
        source.filter(file => !isRoot(file.path)),
      ),
      [],
    );
  });

  test('end the process', () => {
    const others = source.filter(file => !isRoot(file.path));
    assert.deepEqual(forbidden(/\bprocess\s*\.\s*(exit|exitCode|abort|kill|reallyExit)\b/, others), []);
  });

  test('the roster knows no clock, no chance and no console', () => {
    const roster = source.filter(file => roomOf(file.path) === 'roster');
    assert.deepEqual(
      forbidden(
        /\bnew Date\(\)|\bDate\.now\b|\bMath\.random\b|\bconsole\.|\bprocess\.|\bfetch\(|\brandom(UUID|Bytes)\b|\bperformance\./,
        roster,
      ),
      [],
    );
  });
});

test('the top level holds what the design allows, and nothing else', () => {
  const allowed = [
    'LICENSE',
    'README.md',
    'config',
    'node_modules',
    'package-lock.json',
    'package.json',
    'scripts',
    'src',
    'test',
    'tsconfig.json',
  ];
  const others = readdirSync(ROOT).filter(name => !name.startsWith('.') && !allowed.includes(name));
  assert.deepEqual(others, []);
});
