import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ignoredKeys, type ManifestConfig, manifestSchema } from './manifest.ts';
import { problemsOf } from './problems.ts';
import { printPath } from './secrets.ts';

/** What came of reading a manifest: the manifest or what is wrong with it, each with its path, and what was ignored. */
export interface ReadManifest {
  readonly manifest: ManifestConfig | undefined;
  readonly problems: string[];
  readonly warnings: readonly string[];
}

/** The document in a file, not looked at yet; or why there is none. */
export type ManifestText = { readonly document: unknown } | { readonly problem: string };

export function readManifest(file: string): ManifestText {
  try {
    return { document: JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, '')) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError) return { problem: `is not JSON: ${message}` };
    return { problem: code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder, not a file' : message };
  }
}

/** A manifest with `more` laid over it, checked. */
export function extended(read: ManifestText, more: unknown = {}): ReadManifest {
  if ('problem' in read) return { manifest: undefined, problems: [read.problem], warnings: [] };
  return parseManifest(laidOver(read.document, more));
}

/** Checks a manifest, and says everything that is wrong with it at once. */
export function parseManifest(document: unknown): ReadManifest {
  const lost = protosIn(document, []);
  if (lost.length > 0) return { manifest: undefined, problems: lost, warnings: [] };
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, { document, schema: manifestJsonSchema(), whole: 'the manifest' });
    return { manifest: undefined, problems, warnings: [] };
  }
  const warnings = ignoredKeys(parsed.data).map(key => `${key}: is ignored in a sync manifest`);
  return { manifest: parsed.data, problems: [], warnings };
}

const manifestJsonSchema = () =>
  z.toJSONSchema(manifestSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' });

/** The one key that the schema would leave out without a word, wherever it stands. */
function protosIn(value: unknown, path: readonly PropertyKey[]): string[] {
  if (Array.isArray(value)) return value.flatMap((one, place) => protosIn(one, [...path, place]));
  if (!isBlock(value)) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    key === '__proto__'
      ? [`${printPath([...path, key])}: cannot be the name of anything`]
      : protosIn(one, [...path, key]),
  );
}

/** Blocks are merged key by key, however deep; anything else of `more` takes the place of what was there. */
function laidOver(document: unknown, more: unknown): unknown {
  if (!isBlock(document) || !isBlock(more)) return more === undefined ? document : more;
  const merged = new Map(Object.entries(document));
  for (const [key, value] of Object.entries(more)) merged.set(key, laidOver(merged.get(key), value));
  return Object.fromEntries(merged);
}

const isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
