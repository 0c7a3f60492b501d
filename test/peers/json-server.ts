import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { type Served, serve } from './serving.ts';

/** A REST service: json-server 0.17, by others, with a company in it. */

export interface Person {
  readonly id: number;
  readonly mail: string;
  readonly name: string;
  readonly phone: string | null;
  readonly departmentId: string;
}

export interface Department {
  readonly id: string;
  readonly title: string;
  readonly above: string | null;
}

export interface Company {
  people: Person[];
  departments: Department[];
}

const DEPARTMENTS: readonly Department[] = [
  { id: 'HQ', title: '總部', above: null },
  { id: 'RD', title: 'R&D', above: 'HQ' },
  { id: 'HR', title: '人資', above: 'HQ' },
];

/** 250 people, turn by turn in the three departments. */
export function company(): Company {
  return {
    people: Array.from({ length: 250 }, (_, place) => person(place + 1)),
    departments: [...DEPARTMENTS],
  };
}

const person = (id: number): Person => ({
  id,
  mail: `person${id}@corp.example`,
  name: `王 “${id}”`,
  phone: id % 2 === 0 ? null : `02-2345-${1000 + id}`,
  departmentId: ['HQ', 'RD', 'HR'][id % 3] ?? '',
});

/** As much of json-server as is used; it has no types. */
interface JsonServer {
  create(): RequestListener & { use(...handlers: readonly unknown[]): void };
  defaults(options: { readonly logger: boolean }): readonly unknown[];
  router(company: Company): { readonly db: { setState(company: Company): void } };
}

const jsonServer: JsonServer = createRequire(import.meta.url)('json-server');

export interface ServedCompany {
  readonly served: Served;
  /** What it serves from now on; tests change it, and what they change is served. */
  restock(): Company;
}

/** As the command `json-server` would serve it: compressed, with CORS headers, without caching. */
export async function startJsonServer(): Promise<ServedCompany> {
  const app = jsonServer.create();
  const router = jsonServer.router(company());
  app.use(jsonServer.defaults({ logger: false }), router);
  const restock = () => {
    const stock = company();
    router.db.setState(stock);
    return stock;
  };
  return { served: await serve(app), restock };
}
