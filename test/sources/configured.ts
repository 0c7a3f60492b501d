import assert from 'node:assert/strict';
import type { DepartmentRecord, MembershipRecord, PersonRecord, Problem } from '../../src/roster/model.ts';
import { ldapSource } from '../../src/sources/ldap/source.ts';
import { type Pull, type Source, SourceError } from '../../src/sources/source.ts';
import { sqlSource } from '../../src/sources/sql/source.ts';
import { sourceConfig } from '../support/config.ts';

/** The source that a run would make of this block. */
export function opened(block: Readonly<Record<string, unknown>>): Source {
  const config = sourceConfig({ name: 'hr', type: 'sql', ...block });
  assert(config.type === 'sql' || config.type === 'ldap');
  return config.type === 'sql' ? sqlSource(config) : ldapSource(config);
}

export const TODAY = '2026-11-22';

/** A pull that goes on for as long as it takes, or until this signal aborts. */
export const pull = (signal = new AbortController().signal): Pull => ({ signal, today: TODAY });

/** All that a source handed over; `departments` is undefined where it lists none. */
export interface Everything {
  readonly people: readonly PersonRecord[];
  readonly departments: readonly DepartmentRecord[] | undefined;
  readonly memberships: readonly MembershipRecord[];
  readonly problems: readonly Problem[];
  readonly rows: { readonly people: number; readonly departments: number; readonly memberships: number };
}

export async function readAll(source: Source, of = pull()): Promise<Everything> {
  const people: PersonRecord[] = [];
  const memberships: MembershipRecord[] = [];
  const problems: Problem[] = [];
  const rows = { people: 0, departments: 0, memberships: 0 };
  let departments: DepartmentRecord[] | undefined;
  for await (const batch of source.read(of)) {
    if (batch.kind !== 'problems') rows[batch.kind] += batch.rows;
    if (batch.kind === 'people') people.push(...batch.records);
    else if (batch.kind === 'memberships') memberships.push(...batch.records);
    else if (batch.kind === 'problems') problems.push(...batch.problems);
    else departments = [...(departments ?? []), ...batch.records];
  }
  return { people, departments, memberships, problems, rows };
}

/** What a source says that cannot be read to its end; it must say so within `deadline` milliseconds. */
export async function whyNot(source: Source, of = pull(), deadline = 5000): Promise<string> {
  const start = performance.now();
  try {
    await readAll(source, of);
  } catch (error) {
    assert(error instanceof SourceError, `${error} is no SourceError`);
    assert.equal(error.source, source.name);
    assert.ok(performance.now() - start < deadline, `it took ${Math.round(performance.now() - start)} ms to say so`);
    assert.ok(error.message.startsWith(`source ${source.name}: `), error.message);
    return error.message.slice(`source ${source.name}: `.length);
  }
  throw new assert.AssertionError({ message: 'the source ended as if it had been read to its end' });
}

/** Waits until something holds, and fails when it does not within `deadline` milliseconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, deadline = 5000): Promise<void> {
  const end = performance.now() + deadline;
  while (!(await holds())) {
    assert.ok(performance.now() < end, `${what}: not within ${deadline} ms`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
