import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { likeItsFolder } from '../../connect/owner.ts';
import type { Json } from './json.ts';
import type { Scope } from './scope.ts';

/** What a service gave us to ask with, and until when it is good: milliseconds since 1970. */
export interface Tokens {
  readonly response: Json;
  readonly expires: number | undefined;
}

/** Where tokens are kept between runs. */
export interface TokenStore {
  load(): Tokens | undefined;
  save(tokens: Tokens): void;
  forget(): void;
}

/** Who has the tokens that requests are made with. */
export interface TokenKeeper {
  /** Makes sure that there are some that will do for the next request. */
  ready(): Promise<void>;
  /** What templates can name: `oauth` and `JWT`. */
  names(): Pick<Scope, 'oauth' | 'more'>;
  /** Grows with each new token. */
  readonly turn: number;
  /** After a 401 with the tokens of a turn: gets new ones. Throws when there are none to get. */
  renew(turn: number): Promise<void>;
}

/** Kept for as long as the process lives. */
export function tokensInMemory(): TokenStore {
  let kept: Tokens | undefined;
  return {
    load: () => kept,
    save: tokens => {
      kept = tokens;
    },
    forget: () => {
      kept = undefined;
    },
  };
}

/**
 * Kept in a file that nobody but its owner may read. Whoever reads while another writes gets the old ones or the new.
 * `of` tells whose they are: those that were got otherwise are none, for another service must never see them.
 */
export function tokensInFile(file: string, of: string): TokenStore {
  return {
    load: () => read(file, of),
    save: tokens => write(file, { ...tokens, of }),
    forget: () => rmSync(file, { force: true }),
  };
}

/** Tokens as they stand in a file. */
interface Kept extends Tokens {
  readonly of?: string | undefined;
}

function read(file: string, of: string): Tokens | undefined {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new Error(`${file} can be read by others than its owner; run: chmod 600 ${file}`);
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const parsed = parse(text);
  if (parsed === undefined) throw new Error(`${file} holds no tokens; remove it, and authorize again`);
  return parsed.of === undefined || parsed.of === of ? parsed : undefined;
}

function parse(text: string): Kept | undefined {
  try {
    const { response, expires, of } = JSON.parse(text) as Partial<Kept>;
    return response === undefined ? undefined : { response, expires, of };
  } catch {
    return undefined;
  }
}

function write(file: string, tokens: Kept): void {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = `${file}.${randomUUID()}`;
  try {
    writePrivate(fresh, `${JSON.stringify(tokens)}\n`);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new Error(`the new tokens cannot be kept: ${(error as Error).message}`, { cause: error });
  }
}

/** A new file that only its owner can read, on the disk when this returns. */
function writePrivate(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(file, 0o600);
    likeItsFolder(file, dirname(path));
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
