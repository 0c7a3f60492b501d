import { existsSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** Why a test is skipped that needs programs, by name or path, which are not installed everywhere; false where they all are. */
export function without(...programs: readonly string[]): string | false {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const missing = programs.filter(program => !folders.some(folder => existsSync(resolve(folder, program))));
  return missing.length > 0 && `not installed here: ${missing.join(', ')}`;
}

/** Why a test is skipped that only root can make; false for root. */
export const unlessRoot = (): string | false => process.getuid?.() !== 0 && 'needs root';
