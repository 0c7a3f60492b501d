import assert from 'node:assert/strict';
import { extended, parseManifest, readManifest } from '../../src/config/manifest-file.ts';
import { type Config, configSchema } from '../../src/config/schema.ts';
import {
  type SourceConfig,
  type SqlSourceConfig,
  settled,
  source as sourceSchema,
  type WrittenSource,
} from '../../src/config/sources.ts';

/** A configuration as `loadConfig` would give it, of what would stand in the file; a manifest may stand there itself. */
export function configOf(settings: unknown): Config {
  const written = configSchema.parse(settings);
  return { ...written, sources: written.sources.map(source => settle(source)) };
}

/** The same for one source; `manifest` may be the name of a file, or the manifest itself. */
export function sourceConfig(block: Readonly<Record<string, unknown>>): SourceConfig {
  const { manifest } = block;
  if (typeof manifest !== 'object') return settle(sourceSchema.parse(block));
  return settle(sourceSchema.parse({ ...block, manifest: 'manifest.json' }), manifest);
}

function settle(source: WrittenSource, document?: unknown): SourceConfig {
  if (source.type !== 'rest') return settled(source, undefined);
  const { extend, manifest: file } = source;
  const read = document ? parseManifest(document) : extended(readManifest(file), extend);
  assert.deepEqual(read.problems, []);
  return settled(source, read.manifest);
}

/** A source of a configuration that must be of type `sql`. */
export function sqlSourceIn({ sources }: Pick<Config, 'sources'>, place = 0): SqlSourceConfig {
  const source = sources[place];
  assert(source?.type === 'sql');
  return source;
}
