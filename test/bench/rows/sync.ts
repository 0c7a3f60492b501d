import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram, startProgram } from '../../support/program.ts';
import { AT_REST, AUTHORIZATION, type Encoding, lastRun, runsEnded, type SyncAnswer, sync } from '../daemon.ts';
import { type Finding, sizeName } from '../finding.ts';
import { fromPeople, type Row, type Stage } from '../row.ts';
import { sideBySide } from '../side-by-side.ts';

/** How many whole answers a second the daemon gives, beside a bare server with the same bytes. */
export const serving: Row = {
  name: 'sync',
  sizes: 'every',
  async measure(stage) {
    const house = await stage.house();
    const before = await lastRun(house.store);
    await using daemon = await stage.daemon({ ...house.settings, ...AT_REST });
    // With it begins a run, which would take its part of the machine.
    await runsEnded(house.store, { after: before, count: 1 });
    const findings: Finding[] = [];
    for (const encoding of ['identity', 'gzip'] as const) {
      const answer = await sync(daemon.address, encoding);
      findings.push(await measure(stage, { ...answer, address: daemon.address, asked: encoding }));
    }
    return findings;
  },
};

interface Served extends SyncAnswer {
  readonly address: string;
  readonly asked: Encoding;
}

const AT_LEAST = { identity: 0.9, gzip: 0.8 };

async function measure({ size: people, effort, house }: Stage, served: Served): Promise<Finding> {
  const { asked, encoding, address } = served;
  const target = fromPeople(100_000, { atLeast: AT_LEAST[asked] }, people);
  const [unit, size] = ['requests/s' as const, sizeName(people)];
  if (encoding !== asked) {
    return { work: `/sync, ${asked}: is not served`, size, unit, ours: Number.NaN, target };
  }
  await using raw = await rawServer(await (await house()).newFolder(), served);
  const both = await sideBySide(
    {
      ours: () => load(address, asked, effort.asked),
      yardstick: () => load(raw.address, asked, effort.asked),
    },
    effort.repeats,
  );
  return { work: `/sync, ${asked} / bare node:http`, size, unit, ...both, target };
}

const programIn = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

async function rawServer(folder: string, { bytes, encoding }: SyncAnswer) {
  const file = join(folder, 'body');
  await writeFile(file, bytes);
  const program = await startProgram(process.execPath, [programIn('raw-server.ts'), file, encoding]);
  const [address] = await program.waitFor(/^127\S+/m);
  return { address, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** As many as OMFLOW and a few more would be. */
const CONNECTIONS = 8;

/** Whole answers a second. */
async function load(address: string, encoding: string, milliseconds: number): Promise<number> {
  const headers = JSON.stringify({ authorization: AUTHORIZATION, 'accept-encoding': encoding });
  const args = [programIn('loader.ts'), address, String(milliseconds), String(CONNECTIONS), headers];
  const { code, stdout, stderr } = await runProgram(process.execPath, args);
  if (code !== 0) throw new Error(`the loader of ${address} failed: ${stderr}`);
  return Number(stdout);
}
