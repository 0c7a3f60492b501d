import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { bundle, clientScript } from '../../src/report/bundle.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runProgram } from '../support/program.ts';

/** Files, by their names, joined from `main.ts`. */
async function joined(files: Readonly<Record<string, string>>): Promise<string> {
  await using folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  return await bundle(join(folder.path, 'main.ts'));
}

suite('files of a script', () => {
  test('are joined, each once, after what they import', async () => {
    const script = await joined({
      'main.ts': `import { b } from './b.ts';\nimport {\n  type One,\n  c,\n} from './in/c.ts';\nimport type { Never } from './never.ts';\nexport const all: One[] = [b, c(2)];\nexport { all as never };\n`,
      'b.ts': `import { c } from './in/c.ts';\nimport './effect.ts';\nexport const b: number = c(1);\n`,
      'in/c.ts': `export type One = number;\nexport function c(by: One): One {\n  return 40 + by;\n}\nexport class D {}\nexport async function e() {}\n`,
      'effect.ts': `globalThis.effect = 'had';\n`,
    });
    assert.doesNotMatch(script, /import|export|: One|Never/);
    assert.equal(script.match(/function c/g)?.length, 1);
    const { all, effect } = await evaluated(`${script}\nexport { all };\nexport const effect = globalThis.effect;`);
    assert.deepEqual([all, effect], [[41, 42], 'had']);
  });

  test('may import one another', async () => {
    const script = await joined({
      'main.ts': `import { other } from './b.ts';\nexport const main = () => other(1);\n`,
      'b.ts': `import { main } from './main.ts';\nexport const other = (at: number): number => (at === 0 ? main() : 2);\n`,
    });
    const { result } = await evaluated(`${script}\nexport const result = main();`);
    assert.equal(result, 2);
  });

  test('are refused that import by another name, or from a package', async () => {
    const c = 'export const c = 1;\n';
    const named = joined({ 'main.ts': `import { c as d } from './c.ts';\n`, 'c.ts': c });
    await assert.rejects(named, /main\.ts imports from \.\/c\.ts by another name/);
    const all = joined({ 'main.ts': `import * as d from './c.ts';\n`, 'c.ts': c });
    await assert.rejects(all, /main\.ts imports from \.\/c\.ts by another name/);
    const packaged = joined({ 'main.ts': `import { line } from 'd3-shape';\n` });
    await assert.rejects(packaged, /main\.ts imports d3-shape, which is no file of ours/);
  });

  test('are refused that would end the element they stand in', async () => {
    for (const text of ['</script>', '</SCRIPT', '<!-- x', '<script>'])
      await assert.rejects(joined({ 'main.ts': `const text = '${text}';\n` }), /must not have "<.*" in it/);
  });
});

async function evaluated(script: string): Promise<Readonly<Record<string, unknown>>> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'script.mjs');
  writeFileSync(file, script);
  return await import(pathToFileURL(file).href);
}

suite('the script of a page', () => {
  test('is one that can be read, with all files in it, the same each time', async () => {
    const script = await clientScript();
    assert.equal(await clientScript(), script);
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'script.mjs');
    writeFileSync(file, script);
    const { code, stderr } = await runProgram(process.execPath, ['--check', file]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(script, /^(import|export)\b/m);
  });

  test('makes elements, and never HTML, styles or code out of texts', async () => {
    const folder = join(import.meta.dirname, '../../src/report/client');
    const files = readdirSync(folder).filter(name => name.endsWith('.ts'));
    assert(files.length > 0);
    const texts = [await clientScript(), ...files.map(name => readFileSync(join(folder, name), 'utf8'))];
    for (const text of texts)
      assert.doesNotMatch(
        text,
        /\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\b|new Function|setHTML|createContextualFragment|DOMParser|setAttribute\('style/,
      );
  });
});
