import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UsageError } from './exit.ts';

export interface ReportPlace {
  /** As it was typed. */
  readonly file: string;
  /** True lets it take the place of any file. */
  readonly force: boolean;
}

/** Where a report goes: a link stays, and what it leads to is written. Throws a UsageError where none may be written. */
export function placeFor({ file: given, force }: ReportPlace): string {
  const there = statSync(given, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new UsageError(`${given} is a folder; name a file in it`);
  if (there && !there.isFile()) throw new UsageError(`${given} is no file that a report could be written to`);
  if (there && !force && !isReport(given)) {
    throw new UsageError(
      `${given} is there already and is no report; name another file, or let --force take its place`,
    );
  }
  const file = there ? realpathSync(given) : resolve(given);
  if (!statSync(dirname(file), { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`there is no folder ${dirname(given)}; make it first, or name another file`);
  }
  return file;
}

/** How far into a file it says who made it, in bytes. */
const HEAD = 1024;

/** Whether a file begins as reports do: they are made anew, and nothing else is lost with one. */
function isReport(file: string): boolean {
  const head = Buffer.alloc(HEAD);
  const handle = openSync(file, 'r');
  try {
    const text = head.toString('utf8', 0, readSync(handle, head, 0, HEAD, 0));
    return text.startsWith('<!doctype html>') && text.includes('<meta name="generator" content="rosterd">');
  } finally {
    closeSync(handle);
  }
}

/** Writes a file as a whole or not at all, for its owner's eyes only. */
export function writeReport(file: string, html: string): void {
  // Two at once each write their own.
  const partial = `${file}.${randomBytes(6).toString('hex')}.partial`;
  try {
    writeFileSync(partial, html, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}
