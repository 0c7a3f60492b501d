import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { ConfigError } from './error.ts';
import { problemsOf } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { fillSecrets } from './secrets.ts';

/** A configuration that can be used, and what is worth saying about it all the same. */
export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/** Reads a configuration file and fills in its secrets. Throws a ConfigError that names everything wrong at once. */
export function loadConfig(file: string, env: Readonly<Record<string, string | undefined>>): Loaded {
  const folder = dirname(resolve(file));
  const { document, problems: lost, warnings } = fillSecrets(parseYaml(file, readConfig(file)), { env, folder });
  const parsed = configSchema.safeParse(document);
  const problems = [...lost, ...(parsed.success ? furtherProblems(parsed.data) : problemsOf(parsed.error, document))];
  if (!parsed.success || problems.length > 0) throw new ConfigError(file, problems);
  return { config: freeze(absolute(parsed.data, folder)), warnings };
}

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
  if (document.errors.length === 0) return document.toJS() ?? {};
  const problems = document.errors.map(error => {
    const { line, col } = lines.linePos(error.pos[0]);
    return `line ${line}, column ${col}: ${error.message}`;
  });
  throw new ConfigError(file, problems);
}

/** What concerns several keys at once, and so is no matter of one key's form. */
function furtherProblems(config: Config): string[] {
  const names = config.sources.map(source => source.name);
  const twice = config.sources.flatMap(({ name }, place) =>
    names.indexOf(name) < place ? [`sources[${place}].name: "${name}" is the name of another source, too`] : [],
  );
  const first = config.sources[0];
  const enriched =
    first?.action === 'update'
      ? ['sources[0].action: update enriches people of earlier sources, and there is none']
      : [];
  const identity = config.sources.flatMap(({ people }, place) =>
    people.key === undefined && people.map.username === undefined
      ? [`sources[${place}].people.map.username: is missing, and without people.key the username is the identity`]
      : [],
  );
  return [...twice, ...enriched, ...identity];
}

/** Paths count from the folder of the file that names them. */
function absolute(config: Config, folder: string): Config {
  const path = (name: string) => (isAbsolute(name) ? name : resolve(folder, name));
  const url = (text: string) => (text.startsWith('sqlite:') ? `sqlite:${path(text.slice('sqlite:'.length))}` : text);
  const walk = (value: unknown, name: string): unknown => {
    if (typeof value === 'string') return name === 'url' ? url(value) : name.endsWith('_file') ? path(value) : value;
    if (Array.isArray(value)) return value.map(one => walk(one, name));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one, key)]));
  };
  const { listen } = config.server;
  const socket = listen.startsWith('unix:') ? `unix:${path(listen.slice('unix:'.length))}` : listen;
  return {
    ...(walk(config, '') as Config),
    server: { ...config.server, listen: socket },
  };
}

function freeze<Value>(value: Value): Value {
  if (value !== null && typeof value === 'object') for (const one of Object.values(value)) freeze(one);
  return Object.freeze(value);
}
