import { relative } from 'node:path';
import { masking } from '../src/views/mask.ts';
import type { EXIT } from './exit.ts';
import { jsonLine } from './text/visible.ts';

/** Sends lines to the standard output. */
export function print(lines: Iterable<string>): void {
  let some = '';
  for (const line of lines) {
    some += `${line}\n`;
    if (some.length < CHUNK) continue;
    process.stdout.write(some);
    some = '';
  }
  if (some !== '') process.stdout.write(some);
}

/** Characters a write: one for every line is slow, one for everything takes the memory twice. */
const CHUNK = 64 * 1024;

/** Sends one JSON object as a line to the standard output. */
export function printJson(value: object, { mask = false }: { readonly mask?: boolean } = {}): void {
  process.stdout.write(jsonLine(value, mask ? masking : undefined));
}

/** Ends the process with this exit code, once everything is printed and closed. */
export function exitWith(code: (typeof EXIT)[keyof typeof EXIT]): void {
  process.exitCode = code;
}

/** A path as it is typed from the current folder, if it lies below. */
export function fromHere(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
