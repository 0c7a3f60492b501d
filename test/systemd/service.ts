import { createInterface } from 'node:readline';
import { supervisor } from '../../src/systemd/notify.ts';

/** A process that systemd looks after: says that it is ready, and for each line `block MS` stands still for so long. */
await using systemd = supervisor(process.env, {
  pid: process.pid,
  failed: error => console.log(`failed: ${error.message}`),
});
await systemd.ready('is there');
for await (const line of createInterface(process.stdin)) {
  const [, time] = line.split(' ');
  await systemd.status('stands still');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(time));
  await systemd.status('goes on');
}
