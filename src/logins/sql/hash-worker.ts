import { type Hash, isHashOf } from './hash-compute.ts';

/** What a thread is asked. */
export interface Weighing {
  readonly hash: Hash;
  readonly password: string;
}

/** The answer of a thread; undefined when it could not be computed. What a library threw stays here: it may quote the password. */
export default function weigh({ hash, password }: Weighing): boolean | undefined {
  try {
    return isHashOf(hash, password);
  } catch {
    return undefined;
  }
}
