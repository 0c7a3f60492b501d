import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';
import { type Served, serve } from './serving.ts';

/** A SCIM 2.0 service: SCIMMY, an implementation of RFC 7643 and 7644 by others, and a company in it. */

export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const TOKEN = 'tkn-4f1c77e0b2';

export interface User {
  readonly id: string;
  readonly userName: string;
  readonly displayName: string;
  readonly name: { readonly familyName: string; readonly givenName: string };
  readonly active: boolean;
  readonly emails: readonly { readonly value: string; readonly type: string; readonly primary?: boolean }[];
  readonly phoneNumbers?: readonly { readonly value: string; readonly type: string }[];
  readonly [ENTERPRISE]: { readonly employeeNumber: string; readonly organization: string };
}

export interface Group {
  readonly id: string;
  readonly displayName: string;
  readonly members: readonly { readonly value: string; readonly type: 'User' | 'Group' }[];
}

/** What the service knows, and whether it can tell; tests change it. */
export const company: { users: User[]; groups: Group[]; isDown: boolean } = { users: [], groups: [], isDown: false };

/** 33 people, of whom each third has phones and one is deactivated, in five groups, of which one has a group in it. */
export function settle(): void {
  company.users = Array.from({ length: 33 }, (_, place) => user(place + 1));
  company.groups = Array.from({ length: 5 }, (_, place) => group(place + 1));
  company.isDown = false;
}

function user(number: number): User {
  const phones = [
    { value: `+886-2-2345-${number}`, type: 'work' },
    { value: `+886-9-1234-${number}`, type: 'mobile' },
  ];
  return {
    id: `u-${number}`,
    userName: `Account.${number}`,
    displayName: `林 ${number} O’Neil & Söhne 50%`,
    name: { familyName: '林', givenName: `O’Neil ${number}` },
    active: number !== 27,
    emails: [
      { value: `home${number}@mail.example`, type: 'home' },
      { value: `Person.${number}@Corp.example`, type: 'work', primary: true },
    ],
    ...(number % 3 === 0 ? { phoneNumbers: phones } : {}),
    [ENTERPRISE]: { employeeNumber: `E${number}`, organization: 'R&D' },
  };
}

/** Everybody is in one of the first four, and the first ten are in the fifth, too. */
function group(number: number): Group {
  const isIn = (_: User, place: number) => place % 4 === number - 1 || (number === 5 && place < 10);
  const people = company.users.filter(isIn).map(({ id }) => ({ value: id, type: 'User' as const }));
  const groups = number === 4 ? [{ value: 'g-5', type: 'Group' as const }] : [];
  return { id: `g-${number}`, displayName: `Unit ${number}`, members: [...people, ...groups] };
}

/** What asks SCIMMY for resources, as far as it matters here. */
interface Wanted {
  readonly id?: string | undefined;
  readonly filter?: { match(values: object[]): object[] } | undefined;
}

function found(all: readonly object[], { filter }: Wanted): object[] {
  if (company.isDown) throw new SCIMMY.Types.Error(500, '', 'the directory is out of reach');
  return filter ? filter.match([...all]) : [...all];
}

/** Queries that may be written to. Express 5 reads a query anew each time it is looked at, so that what SCIMMY's routers make of it is lost. */
const withQuery: RequestHandler = (request, _response, next) => {
  Object.defineProperty(request, 'query', { value: { ...request.query } });
  next();
};

/** The routers pass on what they have answered with 500; Express would print it and break the connection. */
const answered: ErrorRequestHandler = (_error, _request, _response, _next) => {};

/** Below `/scim`; below `/deaf`, too, where it looks at neither startIndex nor count, as these routers do with Express 5. */
export async function startScim(): Promise<Served> {
  const { User, Group } = SCIMMY.Resources;
  User.extend(SCIMMY.Schemas.EnterpriseUser, false);
  // SCIMMY itself checks what it is given against the schema.
  SCIMMY.Resources.declare(User.egress((wanted: Wanted) => found(company.users, wanted) as never));
  SCIMMY.Resources.declare(Group.egress((wanted: Wanted) => found(company.groups, wanted) as never));
  const routers = new SCIMMYRouters({ type: 'bearer', handler: authenticate });
  return serve(express().use('/scim', withQuery, routers).use('/deaf', routers).use(answered));
}

function authenticate(request: Request): string {
  const given = request.header('authorization') ?? 'nothing';
  if (given === `Bearer ${TOKEN}`) return 'rosterd';
  throw new Error(`"${given}" is no token of ours`);
}
