import type { ReportData } from '../data.ts';
import type { Departments } from './departments.ts';
import type { Speech } from './words.ts';

/** What all parts of the page have in common. */
export interface Context {
  readonly data: ReportData;
  readonly speech: Speech;
  readonly departments: Departments;
  /** Shows the history of whoever has this username, and brings it before the reader. */
  showPerson(username: string): void;
  /** Shows what a snapshot changed, and brings it before the reader. */
  showSnapshot(number: number): void;
}
