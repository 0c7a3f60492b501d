import { text } from 'node:stream/consumers';
import { read } from 'read';
import { Stopped } from './exit.ts';

/** A password from the terminal, where it is not shown as it is typed; from a pipe all there is, without its last line end. */
export async function readPassword(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).replace(/\r?\n$/, '');
  try {
    return await read({ prompt, silent: true, output: process.stderr });
  } catch (error) {
    throw new Stopped('no password was given, and nothing was tried', { cause: error });
  } finally {
    process.stderr.write('\n');
  }
}
