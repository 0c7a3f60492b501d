import { z } from 'zod';

/** The closed set of operators by which fields are made and records are judged, in sources of every kind. */

export const text = z.string().min(1, 'is empty');

const step = z.enum(['trim', 'lower', 'upper', 'before_at', 'digits', 'date']);

/** What a field is made from: a column, the first of several that is not empty, or a value object. */
export const valueFrom = <Path extends z.ZodString>(path: Path) =>
  z.union([
    path,
    z.array(path).min(1, 'is empty'),
    z
      .strictObject({
        from: z.union([path, z.array(path).min(1, 'is empty')]).optional(),
        template: text.optional().describe('text with {{ column }} in it'),
        const: z.string().optional(),
        transform: z.union([step.transform(one => [one]), z.array(step)]).optional(),
        map: z.record(z.string(), z.string()).optional().describe('value to value; "*" stands for any other'),
        default: z.string().optional(),
      })
      .refine(
        object => [object.from, object.template, object.const].filter(given => given !== undefined).length === 1,
        'needs exactly one of from, template and const',
      ),
  ]);

export const value = valueFrom(text);

type ConditionInput =
  | { all: ConditionInput[] }
  | { any: ConditionInput[] }
  | { not: ConditionInput }
  | {
      field: string;
      equals?: string | number | boolean | undefined;
      in?: (string | number)[] | undefined;
      empty?: boolean | undefined;
      before_today?: boolean | undefined;
      after_today?: boolean | undefined;
    };

export const scalar = z.union([z.string(), z.number(), z.boolean()]);
const OPERATORS = ['equals', 'in', 'empty', 'before_today', 'after_today'] as const;

/** Who is active: one comparison of a column, or several joined by all, any and not. */
export const condition: z.ZodType<ConditionInput> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(condition).min(1, 'is empty') }),
    z.strictObject({ any: z.array(condition).min(1, 'is empty') }),
    z.strictObject({ not: condition }),
    z
      .strictObject({
        field: text,
        equals: scalar.optional(),
        in: z.array(z.union([z.string(), z.number()])).optional(),
        empty: z.boolean().optional(),
        before_today: z.boolean().optional(),
        after_today: z.boolean().optional(),
      })
      .refine(
        one => OPERATORS.filter(name => one[name] !== undefined).length === 1,
        `needs exactly one of ${OPERATORS.join(', ')}`,
      ),
  ]),
);

export type ValueConfig = z.output<typeof value>;
export type ConditionConfig = z.output<typeof condition>;
