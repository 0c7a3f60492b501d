import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import mysql from 'mysql2/promise';

/** What the numbers were measured on, in a line. */
export async function machineText(databaseServer: string): Promise<string> {
  const memory = `${(totalmem() / 1024 ** 3).toFixed(1)} GiB of memory`;
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model.trim() || 'of an unknown kind'})`;
  const version = await versionOf(databaseServer);
  return `${cores}, ${memory}, ${type()} ${release()}, Node ${process.versions.node}, ${version}`;
}

async function versionOf(url: string): Promise<string> {
  const connection = await mysql.createConnection(url);
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>('select version() as version');
    const version = String(rows[0]?.['version']);
    return /mariadb/i.test(version) ? version.replace(/^([\d.]+)-MariaDB.*/i, 'MariaDB $1') : `MySQL ${version}`;
  } finally {
    await connection.end();
  }
}
