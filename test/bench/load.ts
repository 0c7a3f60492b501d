import { Readable } from 'node:stream';
import mysql from 'mysql2/promise';
import { departmentLines, employeeLines, membershipLines, SCHEMA } from './people.ts';

/** Makes the tables in an empty database and fills them, as fast as the server takes them. */
export async function load(url: string, size: number): Promise<void> {
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true });
  try {
    await connection.query(SCHEMA);
    await fill(connection, 'employees', employeeLines(size));
    await fill(connection, 'departments', departmentLines(size));
    await fill(connection, 'members', membershipLines(size));
    await connection.query('analyze table employees, departments, members');
  } finally {
    await connection.end();
  }
}

async function fill(connection: mysql.Connection, table: string, lines: Iterable<string>): Promise<void> {
  await connection.query({
    sql: `load data local infile 'lines' into table ${table} character set utf8mb4`,
    infileStreamFactory: () => Readable.from(inChunks(lines), { objectMode: false }),
  });
}

/** Characters sent at once. */
const CHUNK = 1 << 18;

function* inChunks(lines: Iterable<string>): Generator<Buffer> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < CHUNK) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
