import { found, foundTwo, json, object } from './people-schemas.ts';

/** The doors of a directory service: a login and a token endpoint, and a list behind each. */

/** What a login gives, and the list behind it takes. */
const SESSION = 'ses/9f+2c=81';

export const login = {
  post: {
    requestBody: {
      required: true,
      content: json(object({ user: { type: 'string' }, password: { type: 'string', minLength: 8 } })),
    },
    responses: {
      201: {
        description: 'logged in',
        content: json(object({ session: { type: 'string' } }), { only: { value: { session: SESSION } } }),
      },
    },
  },
};

export const behindLogin = {
  get: {
    parameters: [
      { name: 'X-Session', in: 'header', required: true, schema: { type: 'string', enum: [SESSION] } },
      { name: 'session', in: 'query', required: true, schema: { type: 'string', enum: [SESSION] } },
    ],
    responses: { 200: { description: 'found', content: json(found, { two: foundTwo(2) }) } },
  },
};

/** What the token endpoint gives, and the list behind it takes. */
const ACCESS = 'eyJhbGciOiJub25lIn0.e30.c2ln';

export const token = {
  post: {
    security: [{ client: [] }],
    requestBody: {
      required: true,
      content: {
        'application/x-www-form-urlencoded': {
          schema: object({
            grant_type: { type: 'string', enum: ['client_credentials'] },
            scope: { type: 'string', enum: ['https://graph.example/.default people:read'] },
          }),
        },
      },
    },
    responses: {
      200: {
        description: 'a token',
        content: json(
          object({
            access_token: { type: 'string' },
            token_type: { type: 'string' },
            expires_in: { type: 'integer' },
          }),
          { only: { value: { access_token: ACCESS, token_type: 'Bearer', expires_in: 3600 } } },
        ),
      },
    },
  },
};

export const behindToken = {
  get: {
    security: [{ bearer: [] }],
    parameters: [
      { name: 'Authorization', in: 'header', required: true, schema: { type: 'string', enum: [`Bearer ${ACCESS}`] } },
    ],
    responses: { 200: { description: 'found', content: json(found, { two: foundTwo(2) }) } },
  },
};
