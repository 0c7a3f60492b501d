import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { temporaryFolder } from '../support/folder.ts';
import { type Program, startProgram } from '../support/program.ts';

/** Prism, a server by others that answers as an OpenAPI document says, and refuses what is not asked as it says. */
export interface Prism extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly origin: string;
  /** Waits until it has logged that a request broke the document, in these words. */
  complained(of: string): Promise<void>;
}

/** Prism with this document, on a free port. */
export async function startPrism(document: object): Promise<Prism> {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const file = join(folder.path, 'openapi.json');
  await writeFile(file, JSON.stringify(document));
  const command = createRequire(import.meta.url).resolve('@stoplight/prism-cli/dist/index.js');
  const program = starting.use(
    await startProgram(process.execPath, [command, 'mock', '--port', '0', '--multiprocess', 'false', file], {
      env: { FORCE_COLOR: '0', NO_COLOR: '1' },
    }),
  );
  const [, origin = ''] = await program.waitFor(/Prism is listening on (\S+)/, 30_000);
  const running = starting.move();
  return { origin, complained: of => complained(program, of), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function complained(program: Program, of: string): Promise<void> {
  await program.waitFor(new RegExp(`\\[VALIDATOR\\] .*error +${RegExp.escape(of)}`), 5000);
}
