/** What the answers of a directory service consist of, in the words of OpenAPI. */

export const PERSON = {
  type: 'object',
  required: ['id', 'mail', 'name', 'unit', 'hired', 'employed'],
  properties: {
    id: { type: 'integer', minimum: 1, maximum: 999_999 },
    mail: { type: 'string', pattern: '^[a-z]{3,9}[0-9]{5}@corp\\.example$' },
    name: {
      type: 'object',
      required: ['family', 'given'],
      properties: { family: { type: 'string', minLength: 1 }, given: { type: 'string', minLength: 1 } },
    },
    unit: { type: 'string', nullable: true, enum: ['RD', 'HR', null] },
    hired: { type: 'string', format: 'date' },
    employed: { type: 'boolean' },
  },
};

const person = (id: number, family: string, given: string, unit: string | null) => ({
  id,
  mail: `person${10_000 + id}@corp.example`,
  name: { family, given },
  unit,
  hired: '2020-02-29',
  employed: id !== 3,
});

export const FIVE = [
  person(1, '林', '小明', 'RD'),
  person(2, 'O’Neil', 'Zoë', 'HR'),
  person(3, 'Ng', 'Wei', 'RD'),
  person(4, 'de la Cruz', 'Ana', null),
  person(5, '山田', '太郎', 'HR'),
];

export const json = (schema: object, examples?: object) => ({
  'application/json': { schema, ...(examples ? { examples } : {}) },
});
export const object = (required: Readonly<Record<string, object>>) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(required),
  properties: required,
});

export const found = object({
  people: { type: 'array', items: PERSON },
  total: { type: 'integer' },
});
export const foundTwo = (total: number) => ({ value: { people: FIVE.slice(0, 2), total } });
