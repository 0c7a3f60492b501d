import { randomInt } from 'node:crypto';
import type { VariableConfig } from '../../config/manifest.ts';

const ALPHANUMERICS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const GENERATED = 10;

/** Whether a variable gets a value of its own in every run. */
export const isGenerated = ({ name, type }: VariableConfig) => name === 'generate' || type === 'generate';

/** The value of each variable, by id: given, or made up anew. */
export function valuesOf(
  variables: readonly VariableConfig[],
  given: Readonly<Record<string, string>>,
): Map<string, string> {
  const values = new Map(Object.entries(given));
  for (const one of variables) if (isGenerated(one) && !values.has(one.id)) values.set(one.id, generate());
  return values;
}

const generate = () => Array.from({ length: GENERATED }, () => ALPHANUMERICS[randomInt(ALPHANUMERICS.length)]).join('');
