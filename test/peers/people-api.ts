import { behindLogin, behindToken, login, token } from './people-doors.ts';
import { FIVE, found, foundTwo, json, object, PERSON } from './people-schemas.ts';

/** The OpenAPI document of a directory service: what Prism answers by, and by which it judges what is asked. */

const page = (people: readonly object[], following: string | null) => ({
  value: {
    people,
    following,
    // Static examples do not depend on the page; the link and the cursor name the one to answer with.
    next: following && `/v1/people?fields=id,mail&size=2&__example=${following}`,
  },
});

const problem = (title: string, headers = {}) => ({
  description: title,
  headers,
  content: json(object({ title: { type: 'string' } }), { only: { value: { title } } }),
});
const seconds = (count: number) => ({ 'Retry-After': { required: true, schema: { type: 'integer', enum: [count] } } });

const PAGE = {
  type: 'object',
  required: ['people'],
  properties: {
    people: { type: 'array', minItems: 5, maxItems: 5, items: PERSON },
    following: { type: 'string', nullable: true },
    next: { type: 'string', nullable: true },
  },
};

const people = {
  get: {
    security: [{ key: [] }],
    parameters: [
      { name: 'X-Tenant', in: 'header', required: true, schema: { type: 'string', pattern: '^[A-Z]{3}\\d{2}$' } },
      {
        name: 'fields',
        in: 'query',
        required: true,
        explode: false,
        schema: { type: 'array', items: { enum: ['id', 'mail'] } },
      },
      { name: 'size', in: 'query', required: true, schema: { type: 'integer', minimum: 1, maximum: 2 } },
      { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 3 } },
    ],
    responses: {
      200: {
        description: 'a page',
        content: {
          ...json(PAGE, {
            first: page(FIVE.slice(0, 2), 'second'),
            second: page(FIVE.slice(2, 4), 'third'),
            third: page(FIVE.slice(4), null),
          }),
          'text/html': { schema: { type: 'string' }, examples: { login: { value: '<!doctype html><h1>Log in</h1>' } } },
        },
      },
      204: { description: 'nobody' },
      404: problem('no such company'),
      429: problem('too often', seconds(7)),
      500: problem('something broke'),
      503: problem('be back soon', seconds(30)),
    },
  },
};

/** What a search must say; every value is one that has to be encoded with care. */
export const SEARCH = { name: 'O"Neil \\ Söhne\n林', since: '2026-01-01', size: 2 };

const search = {
  post: {
    security: [{ key: [] }],
    requestBody: {
      required: true,
      content: json(
        object({
          query: object({
            name: { type: 'string', enum: [SEARCH.name] },
            units: { type: 'array', items: { type: 'string', enum: ['RD', 'HR'] }, minItems: 2 },
            since: { type: 'string', format: 'date' },
            left: { type: 'boolean' },
          }),
          page: object({ number: { type: 'integer', minimum: 1 }, size: { type: 'integer', enum: [SEARCH.size] } }),
        }),
      ),
    },
    responses: {
      200: { description: 'found', content: json(found, { two: foundTwo(2), more: foundTwo(4) }) },
    },
  },
};

/** What the form of a report must say. */
export const REPORT = { title: 'R&D = 50% + 林?', note: '' };

const report = {
  post: {
    security: [{ key: [] }],
    requestBody: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': {
          schema: {
            ...object({
              title: { type: 'string', enum: [REPORT.title] },
              note: { type: 'string', maxLength: 0 },
              active: { type: 'string', enum: ['True'] },
              size: { type: 'string', enum: ['2'] },
            }),
          },
        },
      },
    },
    responses: { 200: { description: 'found', content: json(found, { two: foundTwo(2) }) } },
  },
};

/** A company whose name must be encoded to stand in a path. */
export const COMPANY = 'R&D #1?50% 台北';

const units = {
  get: {
    parameters: [{ name: 'company', in: 'path', required: true, schema: { type: 'string', enum: [COMPANY] } }],
    responses: {
      200: {
        description: 'its units',
        content: json(
          { type: 'array', items: { type: 'object', properties: { code: { type: 'string' } } } },
          {
            only: {
              value: [
                { code: 'RD', title: '研發' },
                { code: 'HR', title: '人資', above: 'RD' },
              ],
            },
          },
        ),
      },
    },
  },
};

/** Answers made up by Prism, which keep to the schema and are the same for the same seed. */
const live = (more: boolean) => ({
  get: {
    responses: {
      200: {
        description: 'a page',
        content: json(
          object({
            people: { type: 'array', minItems: 5, maxItems: 5, items: PERSON },
            more: { type: 'boolean', enum: [more] },
          }),
        ),
      },
    },
  },
});

export const DOCUMENT = {
  openapi: '3.0.3',
  info: { title: 'Directory', version: '1.0.0' },
  components: {
    securitySchemes: {
      key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      bearer: { type: 'http', scheme: 'bearer' },
      client: { type: 'http', scheme: 'basic' },
    },
  },
  paths: {
    '/v1/people': people,
    '/v1/search': search,
    '/v1/report': report,
    '/v1/login': login,
    '/v1/colleagues': behindLogin,
    '/v1/token': token,
    '/v1/employees': behindToken,
    '/v1/companies/{company}/units': units,
    '/v1/live': live(false),
    '/v1/endless': live(true),
  },
};
