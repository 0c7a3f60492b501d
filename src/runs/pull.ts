import type { Extract, Problem, RowCounts, SourceName } from '../roster/model.ts';
import type { Pull, Source } from '../sources/source.ts';
import type { SourceRead } from '../store/store.ts';
import { type Intake, type Lean, type Taken, WholeIntake } from './intake.ts';

/** What came of one source. */
export interface PulledSource {
  readonly read: SourceRead;
  /** Absent when it could not be read and nothing stands in for it. */
  readonly extract: Extract | undefined;
  /** The people who are not in the extract, since nobody has to look at them. */
  readonly lean?: Lean | undefined;
  /** Why it could not be read; its effect is `failed` when that fails the run. */
  readonly problem: Problem | undefined;
  /** True when a stored extract stands in that was read under another configuration. */
  readonly outdated?: boolean;
}

/** What came of reading sources, in the order of the configuration. */
export type Pulled = readonly PulledSource[];

/** Makes what takes in a source. */
export type IntakeOf = (source: Source) => Intake;

/** Reads sources to their end, side by side. A failing one does not stop the others: the report names all that fail. */
export const pullAll = (
  sources: readonly Source[],
  pull: Pull,
  intakeOf: IntakeOf = ({ name }) => new WholeIntake(name),
): Promise<PulledSource[]> => Promise.all(sources.map(source => pullOne(source, pull, intakeOf)));

/** The first pull with the sources of a second one in their places. */
export const replaced = (first: Pulled, second: Pulled): Pulled =>
  first.map(one => second.find(other => other.read.source === one.read.source) ?? one);

export const extractsOf = (pulled: Pulled): Extract[] => pulled.flatMap(one => one.extract ?? []);

export const readsOf = (pulled: Pulled): SourceRead[] => pulled.map(one => one.read);

/** Whether somebody was not read as the configuration says now: what stands in may be older than that. */
export const isUnproved = (pulled: Pulled): boolean =>
  pulled.some(({ read, outdated }) => read.state === 'failed' || outdated === true);

/** What is wrong with sources, as far as that fails the run. */
export const failuresOf = (pulled: Pulled): Problem[] =>
  pulled.flatMap(({ problem }) => (problem?.effect === 'failed' ? problem : []));

/** What is wrong with sources that the run can do without. */
export const excusesOf = (pulled: Pulled): Problem[] =>
  pulled.flatMap(({ problem }) => (problem === undefined || problem.effect === 'failed' ? [] : problem));

const NO_ROWS: RowCounts = { people: 0, departments: 0, memberships: 0 };

async function pullOne(source: Source, pull: Pull, intakeOf: IntakeOf): Promise<PulledSource> {
  const began = performance.now();
  const took = () => Math.round(performance.now() - began);
  try {
    const { extract, lean } = await takeIn(source, pull, intakeOf);
    const read = { source: source.name, state: 'read' as const, rows: extract.rows, took: took() };
    return { read, extract, lean, problem: undefined };
  } catch (error) {
    const read = { source: source.name, state: 'failed' as const, rows: NO_ROWS, took: took() };
    return { read, extract: undefined, problem: unread(source.name, error as Error) };
  }
}

async function takeIn(source: Source, pull: Pull, intakeOf: IntakeOf): Promise<Taken> {
  for (;;) {
    const intake = intakeOf(source);
    for await (const batch of source.read(pull)) intake.add(batch);
    const taken = intake.end();
    if (taken) return taken;
  }
}

const unread = (source: SourceName, error: Error): Problem => ({
  code: 'source_failed',
  effect: 'failed',
  source,
  kind: 'source',
  key: '',
  name: source,
  text: error.message.replace(`source ${source}: `, ''),
});
