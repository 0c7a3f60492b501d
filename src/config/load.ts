import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { ConfigError } from './error.ts';
import { extended, readManifest } from './manifest-file.ts';
import { problemsOf } from './problems.ts';
import { type Config, configJsonSchema, configSchema, DEFAULT_LISTEN, type WrittenConfig } from './schema.ts';
import { credential, fillSecrets, type SecretPlaces } from './secrets.ts';
import { type SourceConfig, settled, type WrittenSource } from './sources.ts';

/** A configuration that can be used, and what is worth saying about it all the same. */
export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** Reads a configuration file and fills in its secrets. Throws a ConfigError that names everything wrong at once. */
export function loadConfig(file: string, env: Readonly<Record<string, string | undefined>>): Loaded {
  const folder = dirname(resolve(file));
  const written = parseYaml(file, readConfig(file));
  const { document, problems: lost, warnings } = fillSecrets(written, { env, folder });
  const parsed = configSchema.safeParse(document);
  // Values are told as they are written: a secret stays where it is. What was lost is told once.
  const form = parsed.success
    ? []
    : problemsOf(parsed.error, { document: written, schema: configJsonSchema(), whole: 'the file' });
  const wrong = [...form, ...furtherProblems(document, form)];
  const problems = [...lost, ...wrong.filter(one => !lost.some(other => pathOf(other) === pathOf(one)))];
  if (!parsed.success || problems.length > 0) throw new ConfigError(file, problems);
  const { config, unread, notes } = withManifests(absolute(parsed.data, { env, folder }));
  if (unread.length > 0) throw new ConfigError(file, unread);
  return { config: freeze(config), warnings: [...warnings, ...notes] };
}

/** The configuration with the manifests that it names in it, so that what was checked is what runs. */
function withManifests(written: WrittenConfig): { config: Config; unread: string[]; notes: string[] } {
  const unread: string[] = [];
  const notes: string[] = [];
  const settle = (source: WrittenSource, place: number): SourceConfig[] => {
    if (source.type !== 'rest') return [settled(source, undefined)];
    const { manifest, problems, warnings } = extended(readManifest(source.manifest), source.extend);
    const tokens = source.tokens ?? besideStore(written.store.url, `${source.name}.tokens`);
    if (manifest?.oauth?.authenticate_url !== undefined && tokens === undefined) {
      problems.push('needs a place for its tokens: set tokens to a file that rosterd may write');
    }
    const told = (text: string) => `sources[${place}].manifest: ${source.manifest}: ${text}`;
    unread.push(...problems.map(told));
    notes.push(...warnings.map(told));
    return manifest ? [settled({ ...source, tokens }, manifest)] : [];
  };
  const sources = written.sources.flatMap(settle);
  if (unread.length === 0) unread.push(...leftOut(sources));
  return { config: { ...written, sources }, unread, notes };
}

/** Where an embedded store is, there we may write. */
const besideStore = (url: string, name: string) =>
  url.startsWith('sqlite:') ? join(dirname(url.slice('sqlite:'.length)), name) : undefined;

/** What only shows once a manifest has said what it does. */
function leftOut(sources: readonly SourceConfig[]): string[] {
  return sources[0]?.action === 'update'
    ? ['sources[0].action: update enriches people of earlier sources, and there is none']
    : [];
}

const pathOf = (problem: string) => problem.slice(0, problem.indexOf(': '));

function readConfig(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const what = (error as { code?: string }).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new ConfigError(file, [`${what}; name another one with --config, or start from config/rosterd.example.yaml`]);
  }
}

function parseYaml(file: string, text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length === 0) return valuesOf(document, file);
  const places = document.errors.map(error => ({ ...lines.linePos(error.pos[0]), message: error.message }));
  // What follows on a line that is wrong already says nothing new.
  const first = places.filter(({ line }, place) => places.findIndex(one => one.line === line) === place);
  const problems = first.map(({ line, col, message }) => {
    const unquoted = /[{[,].*[^"']\$\{/.test(text.split('\n')[line - 1] ?? '');
    const hint = unquoted ? '; between { } or [ ], put "${file:NAME}" and "${env:NAME}" in quotes' : '';
    return `line ${line}, column ${col}: ${message}${hint}`;
  });
  throw new ConfigError(file, problems);
}

function valuesOf(document: Document, file: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (error) {
    throw new ConfigError(file, [(error as Error).message]);
  }
}

/** As much of a source as can be told of one that may be wrong in other ways. */
interface Sketch {
  readonly name?: unknown;
  readonly people?: { readonly key?: unknown; readonly map?: unknown } | null;
}

function sketches(document: unknown): Sketch[] {
  const { sources } = (document ?? {}) as { sources?: unknown };
  return Array.isArray(sources) ? sources.map(source => (isBlock(source) ? (source as Sketch) : {})) : [];
}

const isBlock = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * What concerns several keys at once, and so is no matter of one key's form. A mapping that has something wrong in it
 * already is not said to lack a username, which may be what was meant there.
 */
function furtherProblems(document: unknown, form: readonly string[]): string[] {
  const sources = sketches(document);
  const told = (place: number) => form.some(problem => problem.startsWith(`sources[${place}].people.map.`));
  const names = sources.map(source => source.name);
  const ofSources = sources.flatMap(({ name, people }, place) => [
    ...(name !== undefined && names.indexOf(name) < place
      ? [`sources[${place}].name: "${name}" is the name of another source, too`]
      : []),
    ...(isBlock(people?.map) && people.key === undefined && !('username' in people.map) && !told(place)
      ? [`sources[${place}].people.map.username: is missing, and without people.key the username is the identity`]
      : []),
  ]);
  return [...addressProblems(document), ...ofSources];
}

/** Two listeners cannot have one address, nor one socket of systemd's. */
function addressProblems(document: unknown): string[] {
  const { server } = (document ?? {}) as { server?: { listen?: unknown; monitor?: unknown } | null };
  const { listen = DEFAULT_LISTEN, monitor } = server ?? {};
  // Port 0 is another one each time.
  return monitor !== undefined && monitor === listen && !String(listen).endsWith(':0')
    ? [`server.monitor: ${monitor} is what server.listen has; write another port, or systemd:NAME`]
    : [];
}

const FILES = new Set(['file', 'manifest', 'tokens']);
const PEM_FILES = new Set(['ca_file', 'cert_file', 'key_file']);
/** Blocks whose keys are the administrator's own words. */
const OWN_WORDS = new Set(['map', 'extra', 'values', 'extend', 'hosts', 'headers', 'json', 'form']);

/** Paths count from the folder of the file that names them; certificates and keys may be among systemd's credentials. */
function absolute(config: WrittenConfig, { env, folder }: SecretPlaces): WrittenConfig {
  const path = (name: string) => (isAbsolute(name) ? name : resolve(folder, name));
  const pem = (name: string) => credential(name, env) ?? path(name);
  const url = (text: string) => (text.startsWith('sqlite:') ? `sqlite:${path(text.slice('sqlite:'.length))}` : text);
  const placed = (value: string, name: string) => {
    if (name === 'url') return url(value);
    return PEM_FILES.has(name) ? pem(value) : FILES.has(name) ? path(value) : value;
  };
  const walk = (value: unknown, name: string): unknown => {
    if (typeof value === 'string') return placed(value, name);
    if (Array.isArray(value)) return value.map(one => walk(one, name));
    if (value === null || typeof value !== 'object' || OWN_WORDS.has(name)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one, key)]));
  };
  const socket = (address: string) =>
    address.startsWith('unix:') ? `unix:${path(address.slice('unix:'.length))}` : address;
  const { listen, monitor, tls } = config.server;
  return {
    ...(walk(config, '') as WrittenConfig),
    server: {
      ...config.server,
      listen: socket(listen),
      monitor: monitor && socket(monitor),
      tls: tls && { cert: pem(tls.cert), key: pem(tls.key) },
    },
  };
}

function freeze<Value>(value: Value): Value {
  if (value !== null && typeof value === 'object') for (const one of Object.values(value)) freeze(one);
  return Object.freeze(value);
}
