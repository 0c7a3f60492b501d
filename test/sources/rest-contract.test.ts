import type { PersonRecord } from '../../src/roster/model.ts';
import { startPeer } from '../support/http-peer.ts';
import { type Fixture, sourceContract } from './contract.ts';
import { manifestFor, rest, say } from './rest-service.ts';

const COUNT = 1000;
const PAGE = 100;
const KEY = 'the-right-key';
const WRONG = 'no-such-secret';

const person = (id: number) => ({ id, account: `u${id}`, mail: `u${id}@corp.example` });
const everybody = Array.from({ length: COUNT }, (_, place) => person(place + 1));

const units = [
  { code: 'RD', name: '研發', up: null, members: [1, 7] },
  { code: 'IT', name: 'Lab', up: 'RD', members: [7, 'nobody'] },
];

const record = (id: number): PersonRecord => ({
  key: String(id),
  fields: { username: `u${id}`, email: `u${id}@corp.example` },
  departments: id === 1 ? ['RD'] : id === 7 ? ['RD', 'IT'] : [],
  extra: [],
  active: true,
  broken: [],
});

const holds: Fixture['holds'] = {
  people: everybody.map(({ id }) => record(id)),
  departments: [
    { group_no: 'RD', display_name: '研發', parent_group_no: '', broken: [] },
    { group_no: 'IT', display_name: 'Lab', parent_group_no: 'RD', broken: [] },
  ],
  memberships: [{ person: 'nobody', group_no: 'IT' }],
};

const manifest = (origin: string, folder: string) =>
  manifestFor(origin, {
    execute: [{ url: `${origin}/${folder}/people`, method: 'GET' }],
    headers: { Authorization: 'Bearer {{ KEY }}' },
    paginate: { type: 'offset', param: 'skip' },
    data_structure: { key: 'id', username: 'account', email: 'mail' },
    departments: {
      execute: [{ url: `${origin}/${folder}/units`, method: 'GET' }],
      data_from: 'units',
      data_structure: { group_no: 'code', display_name: 'name', parent_group_no: 'up', members: 'members' },
    },
  });

sourceContract('REST', async () => {
  const peer = await startPeer(({ path, query, headers }, response) => {
    if (headers.authorization !== `Bearer ${KEY}`) {
      return say(response, { status: 401, json: { error: `what is ${headers.authorization}?` } });
    }
    const [, folder, what] = path.split('/');
    const skip = Number(query.get('skip') ?? 0);
    const page = folder === 'all' ? everybody.slice(skip, skip + PAGE) : [];
    say(response, { json: what === 'units' ? { units: folder === 'all' ? units : [] } : { people: page } });
  });
  const { origin } = peer;
  return {
    holds,
    source: rest(manifest(origin, 'all'), { values: { KEY } }),
    empty: rest(manifest(origin, 'none'), { values: { KEY } }),
    wrong: rest(manifest(origin, 'all'), { values: { KEY: WRONG } }),
    refusal:
      /^GET http:\/\/127\.0\.0\.1:\d+\/all\/units \(page 1\): expected a success, and got status 401: .*Bearer \*\*\*/,
    secret: WRONG,
    connections: () => peer.connections(),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
});
