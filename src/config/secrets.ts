import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { handOver } from '../connect/hand-over.ts';

/** Where `${env:…}` and `${file:…}` are looked up. */
export interface SecretPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of the configuration file. */
  readonly folder: string;
}

type Path = readonly (string | number)[];

const reference = /\$\{(env|file):([^}]+)\}/g;
const SECRET_NAMES = new Set(['password', 'secret']);
const passwordInUrl = /^\w+:\/\/[^/:@]*:[^/@]+@/;

/** What came of filling in the secrets: the document with them, what is wrong, and what is worth a warning. */
export interface Filled {
  readonly document: unknown;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Replaces every `${env:NAME}` and `${file:NAME}` in a document. */
export function fillSecrets(document: unknown, places: SecretPlaces): Filled {
  const problems: string[] = [];
  const warnings: string[] = [];
  const fill = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return fillText(value, path);
    if (Array.isArray(value)) return value.map((one, place) => fill(one, [...path, place]));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one, [...path, name])]));
  };
  const fillText = (text: string, path: Path) => {
    // A request that carries passwords has {password} where one will be.
    const secret = SECRET_NAMES.has(String(path.at(-1))) ? !/^(\{password\})?$/.test(text) : passwordInUrl.test(text);
    if (secret && text.search(reference) < 0) {
      warnings.push(`${printPath(path)}: a secret stands in the file itself; better \${file:NAME} or \${env:NAME}`);
    }
    return text.replace(reference, (_, kind: string, name: string) => {
      const found = kind === 'env' ? fromEnv(name, places) : fromFile(name, places);
      if ('text' in found) return found.text;
      problems.push(`${printPath(path)}: ${found.wrong}`);
      return '';
    });
  };
  return { document: fill(document, []), problems, warnings };
}

type Found = { readonly text: string } | { readonly wrong: string };

function fromEnv(name: string, { env }: SecretPlaces): Found {
  const text = env[name];
  return text === undefined ? { wrong: `the environment has no ${name}` } : { text };
}

/** The file of this name that systemd handed over (`LoadCredential=`), if it did. */
export function credential(name: string, env: SecretPlaces['env']): string | undefined {
  const folder = env['CREDENTIALS_DIRECTORY'];
  const path = folder && !name.includes('/') ? join(folder, name) : undefined;
  return path && existsSync(path) ? path : undefined;
}

function fromFile(name: string, places: SecretPlaces): Found {
  // What systemd hands over is guarded by the folder it lies in, and shows a group that only the service is in.
  const given = credential(name, places.env);
  if (given) return read(given);
  const path = resolve(places.folder, name);
  if (!existsSync(path)) return { wrong: `${path}: no such file` };
  const stat = statSync(path);
  // Whoever reads a pipe may wait for ever, and so would the daemon that reads its configuration again.
  if (!stat.isFile() && !stat.isDirectory()) return { wrong: `${path}: is no file; write the secret into one` };
  if (stat.isFile() && (stat.mode & 0o077) !== 0)
    return { wrong: `${path} can be read by others than its owner; run: chmod 600 ${path}` };
  if (stat.isFile() && isClosedToDaemon(stat.uid, places.env))
    return { wrong: `${path}: systemd did not hand it over, and the daemon may not read it itself; ${handOver(path)}` };
  return read(path);
}

/** The credentials of another process, as that sees them: root looks at the configuration for a daemon that reloads it. */
const OF_DAEMON = /^\/proc\/\d+\/root\//;

/** Whether a file that its owner alone may read is beyond the daemon for which root looks at the configuration. */
function isClosedToDaemon(owner: number, env: SecretPlaces['env']): boolean {
  const [root] = OF_DAEMON.exec(env['CREDENTIALS_DIRECTORY'] ?? '') ?? [];
  // Where nobody lets us look, what the daemon has been given is for it alone to find out.
  if (root === undefined || !existsSync(root)) return false;
  const daemon = statSync(dirname(root)).uid;
  return daemon !== 0 && daemon !== owner;
}

function read(path: string): Found {
  try {
    return { text: readFileSync(path, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EACCES')
      return { wrong: `${path}: the account that rosterd runs as may not read it; ${handOver(path)}` };
    return { wrong: `${path}: ${code === 'EISDIR' ? 'is a folder, not a file' : message}` };
  }
}

/** A path as it is written: `sources[1].people.map`. */
export function printPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}
