import { hash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseAddress } from '../connect/database.ts';
import type { Store } from '../store/store.ts';
import { bodyIdOf } from './body.ts';
import { BodyFile, type BodyId, type BodyPlace, bodyPath, isBodyName, PARTIAL } from './body-file.ts';

/**
 * Where the answers to `/sync` of a store are kept: beside the file of an embedded store, and for one on a server in the
 * cache of whoever runs the daemon, which systemd names with `CacheDirectory=`. Undefined where there is no such place.
 */
export function bodyFolder(
  address: DatabaseAddress,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (address.engine === 'sqlite') return `${address.path}-bodies`;
  const cache = cacheIn(env);
  const { host, port, user, database } = address;
  const name = hash('sha256', JSON.stringify([host, port, user, database])).slice(0, 16);
  return cache && join(cache, `bodies-${name}`);
}

function cacheIn(env: Readonly<Record<string, string | undefined>>): string | undefined {
  // Several, where a unit names several.
  const [own] = (env['CACHE_DIRECTORY'] ?? '').split(':');
  if (own) return own;
  const common = env['XDG_CACHE_HOME'] || (env['HOME'] && join(env['HOME'], '.cache'));
  return common && join(common, 'rosterd');
}

/** A file that nobody has written to for so long was left by a process that died; milliseconds. */
const LEFT = 600_000;

/** Which files may stay: those of the snapshots that are served, or may be at any moment. */
export async function servedBodies(store: Pick<Store, 'snapshots' | 'pins' | 'purged'>): Promise<BodyId[]> {
  const [newest, pin] = [await store.snapshots.newest(), await store.pins.current()];
  const pinned = pin && (await store.snapshots.get(pin.snapshot));
  return await Promise.all([newest, pinned].flatMap(one => (one ? bodyIdOf(store, one) : [])));
}

/** Removes all files but those that may stay, and what others left unfinished; where `all`, what is unfinished now as well. */
export async function tidyBodies(
  folder: string,
  stay: readonly BodyId[],
  { all }: { readonly all: boolean },
): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter(isBodyName);
  const places = stay.flatMap(id => (['identity', 'gzip'] as const).map(encoding => ({ folder, id, encoding })));
  for (const path of names.map(name => join(folder, name))) {
    const mayStay = path.endsWith(PARTIAL) ? !all && (await isBeingWritten(path)) : await isOneOf(path, places);
    if (!mayStay) await rm(path, { force: true });
  }
}

async function isBeingWritten(path: string): Promise<boolean> {
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && Date.now() - written.mtimeMs < LEFT;
}

/** A number alone does not tell: the file may be of another store, or from before somebody was purged. */
async function isOneOf(path: string, places: readonly BodyPlace[]): Promise<boolean> {
  const place = places.find(one => bodyPath(one) === path);
  await using file = place && (await BodyFile.open(place));
  return file !== undefined;
}
