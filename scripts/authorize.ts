import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { readConfiguration } from '../src/configuration.ts';
import { SYSTEM_CLOCK } from '../src/sources/clock.ts';
import { ManifestReading, type ManifestSettings } from '../src/sources/rest/reading.ts';
import { parseTemplate } from '../src/sources/rest/template.ts';
import { valuesOf } from '../src/sources/rest/values.ts';
import { Failed, UsageError } from './exit.ts';
import { type Given, loadManifest } from './manifest.ts';
import { print } from './print.ts';

export interface AuthorizeOptions extends Given {
  readonly config: string;
  readonly source?: string;
  readonly redirect: string;
}

/** The browser half of OAuth: prints the address to open, takes the code, and keeps the tokens. */
export async function authorize(file: string, options: AuthorizeOptions): Promise<void> {
  const settings = await settingsFor(file, options);
  const { oauth } = settings.manifest;
  if (oauth?.authenticate_url === undefined) {
    throw new UsageError(`${file} needs no browser: it has no oauth.authenticate_url; a run gets its tokens by itself`);
  }
  if (settings.tokens === undefined)
    throw new UsageError('there is no place for the tokens; name one with --tokens FILE');
  const state = randomBytes(16).toString('hex');
  const more = { redirect_url: options.redirect, REDIRECT_URL: options.redirect, state };
  const url = addressOf(oauth.authenticate_url, settings, more);
  print(['Open this address in a browser, and let rosterd in:', '', `  ${url}`, '']);
  const code = oauth.without_code ? '' : codeIn(await answer(), state);
  const signal = new AbortController().signal;
  await using reading = new ManifestReading(settings, { clock: SYSTEM_CLOCK, signal, today: '' });
  await reading.authorize(code, more).catch((error: Error) => {
    throw new Failed(`${file}: ${error.message}`, { cause: error });
  });
  print([`authorized; the tokens are kept in ${settings.tokens}`]);
}

/** The settings of the source that is named or that uses the file; without a configuration, those of the command line. */
async function settingsFor(file: string, options: AuthorizeOptions): Promise<ManifestSettings> {
  if (options.source === undefined && !existsSync(options.config)) return loadManifest(file, options).settings;
  const { sources } = (await readConfiguration(options.config, process.env)).config;
  const rest = sources.flatMap(source => (source.type === 'rest' ? [source] : []));
  const path = resolve(file);
  const [source, other] = rest.filter(one =>
    options.source === undefined ? one.manifest_file === path : one.name === options.source,
  );
  if (source === undefined && options.source !== undefined) {
    throw new UsageError(
      `no source named "${options.source}" has a manifest; there are ${rest.map(one => one.name).join(', ') || 'none'}`,
    );
  }
  if (other !== undefined) throw new UsageError(`several sources use ${file}; name one with --source NAME`);
  return source ? { ...source, tokens: options.tokens ?? source.tokens } : loadManifest(file, options).settings;
}

function addressOf(
  url: string,
  { manifest, values }: ManifestSettings,
  more: Readonly<Record<string, string>>,
): string {
  const names = new Map([...valuesOf(manifest.initial_data_form, values), ...Object.entries(more)]);
  const address = parseTemplate(url).render(
    name => names.get(name),
    (text, { raw }) => (raw ? text : encodeURIComponent(text)),
  );
  return address;
}

/** One line of the standard input. */
async function answer(): Promise<string> {
  process.stderr.write('Then paste the code here, or the whole address that the browser was sent back to: ');
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    lines.close();
    if (line.trim() !== '') return line.trim();
    break;
  }
  throw new Failed('no code was given');
}

/** The code in what was pasted: itself, or the address that has it and the state that we gave. Throws a Failed. */
export function codeIn(text: string, state: string): string {
  const query = URL.parse(text)?.searchParams;
  if (query === undefined) return text;
  const refused = query.get('error');
  if (refused !== null) throw new Failed(`the service refused: ${query.get('error_description') ?? refused}`);
  if (query.has('state') && query.get('state') !== state) {
    throw new Failed('that address is the answer to another attempt: its state differs; begin again');
  }
  const code = query.get('code');
  if (code === null) throw new Failed('there is no code in that address');
  return code;
}
