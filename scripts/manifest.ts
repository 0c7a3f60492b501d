import { resolve } from 'node:path';
import { ConfigError } from '../src/config/error.ts';
import { parseManifest, readManifest } from '../src/config/manifest-file.ts';
import { fillSecrets } from '../src/config/secrets.ts';
import { manifestProblems } from '../src/sources/rest/problems.ts';
import type { ManifestSettings } from '../src/sources/rest/reading.ts';
import { UsageError } from './exit.ts';

/** What a manifest is run with when there is no configuration around it. */
export interface Given {
  /** `KEY=value`, as given; `${env:…}` and `${file:…}` may stand in it. */
  readonly set: readonly string[];
  /** `https://one=http://other`. */
  readonly host: readonly string[];
  readonly tokens?: string | undefined;
}

export interface LoadedManifest {
  readonly settings: ManifestSettings;
  readonly warnings: readonly string[];
}

/** As long as a request may take, and as many pages as a list may have, where no configuration says. */
const TIMEOUT = 120_000;
const MAX_PAGES = 1000;

/** Reads a manifest and checks it as the daemon would. Throws a ConfigError with everything that is wrong. */
export function loadManifest(file: string, given: Given): LoadedManifest {
  const path = resolve(file);
  const read = readManifest(path);
  if ('problem' in read) throw new ConfigError(file, [read.problem]);
  const { manifest, problems, warnings } = parseManifest(read.document);
  if (manifest === undefined) throw new ConfigError(file, problems);
  const values = filled(pairs(given.set, '--set', 'KEY=value'), file);
  const wrong = manifestProblems({ manifest, values, action: manifest.action, match: 'email' });
  if (wrong.length > 0)
    throw new ConfigError(
      file,
      wrong.map(text => text.replaceAll('set values.', 'give it with --set ')),
    );
  const settings: ManifestSettings = {
    manifest,
    values,
    hosts: hostsOf(given.host),
    allow_hosts: [],
    timeout: TIMEOUT,
    max_pages: MAX_PAGES,
    tls: undefined,
    tokens: given.tokens ?? (manifest.oauth?.authenticate_url === undefined ? undefined : tokensBeside(path)),
  };
  return { settings, warnings };
}

/** Where the tokens of a manifest are kept that no configuration names. */
export const tokensBeside = (file: string) => `${file.replace(/\.json$/, '')}.tokens`;

function pairs(texts: readonly string[], option: string, form: string): Record<string, string> {
  return Object.fromEntries(
    texts.map(text => {
      const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined) throw new UsageError(`"${text}" is nothing for ${option}; write ${option} ${form}`);
      return [name.trim(), value];
    }),
  );
}

/** Secrets need not stand on the command line, where everybody on the machine can read them. */
function filled(values: Record<string, string>, file: string): Record<string, string> {
  const { document, problems } = fillSecrets(values, { env: process.env, folder: process.cwd() });
  if (problems.length > 0)
    throw new ConfigError(
      file,
      problems.map(text => `--set ${text}`),
    );
  return document as Record<string, string>;
}

function hostsOf(texts: readonly string[]): Record<string, string> {
  const originOf = (text: string) => {
    const url = URL.parse(/^\w+:\/\//.test(text) ? text : `https://${text}`);
    if (url === null)
      throw new UsageError(`"${text}" is no origin; write --host https://api.example=http://127.0.0.1:8080`);
    return url.origin;
  };
  const given = Object.entries(pairs(texts, '--host', 'https://api.example=http://127.0.0.1:8080'));
  return Object.fromEntries(given.map(([from, to]) => [originOf(from), originOf(to)]));
}
