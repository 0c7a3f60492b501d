import { fchownSync, fstatSync, statSync } from 'node:fs';

/**
 * Gives a file that was just made to whoever owns the folder it is in, if root made it: a daemon with an account of its own
 * could not open it otherwise. Takes the file's descriptor, since by the name alone the folder's owner could have root give
 * away another file.
 */
export function likeItsFolder(file: number, folder: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  if (uid !== fstatSync(file).uid) fchownSync(file, uid, gid);
}
