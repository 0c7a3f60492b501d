import { readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'client');

let made: Promise<string> | undefined;

/** The script of a page: our own files of `client/`, and what they use, in one. Made once. */
export const clientScript = (): Promise<string> => {
  made ??= bundle(join(FOLDER, 'main.ts'));
  return made;
};

let styled: Promise<string> | undefined;

/** The style of a page. Read once. */
export const pageStyle = (): Promise<string> => {
  styled ??= Promise.all(STYLES.map(name => readFile(join(import.meta.dirname, name), 'utf8'))).then(all =>
    all.join('\n'),
  );
  return styled;
};

const STYLES = ['style.css', 'client.css'];

/**
 * Joins a file and all that it imports into one script, what is imported first. Types are stripped; import lines go, and the
 * word `export`, for the files share one scope: names at the top level are unique among them.
 *
 * @throws Error when a file imports by another name than the one exported, or from elsewhere than a file.
 */
export async function bundle(entry: string): Promise<string> {
  const done = new Map<string, string>();
  await collect(entry, done);
  const script = [...done.values()].join('\n');
  // Within a script element these would end it, or begin a comment in it.
  const breaking = script.match(/<\/script|<script|<!--/i);
  if (breaking) throw new Error(`the script of a page must not have "${breaking[0]}" in it`);
  return script;
}

/** Files are entered when all that they import is there, so that the order is one in which they can be run. */
async function collect(file: string, done: Map<string, string>, way: readonly string[] = []): Promise<void> {
  if (done.has(file) || way.includes(file)) return;
  const text = stripTypeScriptTypes(await readFile(file, 'utf8'));
  for (const from of importsOf(text, file)) await collect(join(dirname(file), from), done, [...way, file]);
  done.set(file, joinable(text));
}

const IMPORT = /^import\s+(?:([^'";]*?)\s*from\s*)?'([^']+)';?[^\S\n]*\n?/gm;

function importsOf(text: string, file: string): string[] {
  return [...text.matchAll(IMPORT)].map(([, names = '', from = '']) => {
    if (!from.startsWith('.')) throw new Error(`${file} imports ${from}, which is no file of ours`);
    if (!/^(\{[\s\w,$]*\})?$/.test(names) || /\bas\b/.test(names))
      throw new Error(`${file} imports from ${from} by another name`);
    return from;
  });
}

/** The text without imports, the word `export`, and what types have left behind. */
const joinable = (text: string): string =>
  text
    .replace(IMPORT, '')
    .replace(/^export\s*\{[^}]*\};?$/gm, '')
    .replace(/^export\s+(?=(async|function|const|let|class)\b)/gm, '')
    .replace(/[^\S\n]+$/gm, '')
    .replace(/^\s*\n/, '')
    .replace(/\n{3,}/g, '\n\n');
