import type { PersonRecord } from '../../roster/model.ts';
import type { Json } from './json.ts';
import { untilCounted } from './pages.ts';
import { personOf, withDefaults } from './people.ts';
import { allRows, type Circumstances, ManifestReading, type ManifestSettings } from './reading.ts';
import type { RowOf } from './rows.ts';

/** What a manifest gives when it is run by itself. */
export interface Trial {
  /** One for each record that the filter lets through: the fields of `data_structure` that were found. */
  readonly rows: readonly Readonly<Record<string, Json>>[];
  /** The same for departments, where the manifest has a block of them. */
  readonly departments: readonly Readonly<Record<string, Json>>[] | undefined;
  /** Of the list of people. */
  readonly pages: number;
  readonly requests: number;
  /** What the rows are as people. */
  readonly people: readonly PersonRecord[];
}

/** Runs a manifest to its end. Throws when it cannot be read to its end. */
export const tryManifest = (settings: ManifestSettings, circumstances: Circumstances): Promise<Trial> =>
  untilCounted(() => tryOnce(settings, circumstances));

async function tryOnce(settings: ManifestSettings, circumstances: Circumstances): Promise<Trial> {
  await using reading = new ManifestReading(settings, circumstances);
  const { manifest } = settings;
  const late = manifest.departments?.for_each === 'people';
  const early = late ? [] : await allRows(reading.departments());
  let pages = 0;
  const rows: RowOf[] = [];
  for await (const page of reading.people(early)) {
    pages += 1;
    rows.push(...page.rows);
  }
  const departments = late ? await allRows(reading.departments(rows)) : early;
  const keyed = manifest.data_structure['key'] !== undefined;
  const people = rows.map(one => personOf(one, { keyed, active: reading.manifest.active }));
  return {
    rows: rows.map(toObject),
    departments: manifest.departments && departments.map(toObject),
    pages,
    requests: reading.requests,
    people: manifest.action === 'create' ? people.map(withDefaults) : people,
  };
}

const toObject = ({ row }: RowOf) => Object.fromEntries(row);
