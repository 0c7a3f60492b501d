import { announce } from '../../src/notices/announce.ts';
import { openStore } from '../../src/store/open.ts';
import { channels, deskOf } from './desks.ts';
import { healthAfter, hold } from './healths.ts';

// A process of its own that announces a hold when it is told to, for tests that have several or kill it: child.ts STORE WEBHOOK

const [url = '', webhook = ''] = process.argv.slice(2);
await using store = await openStore({ url }, { migrate: false });
// Keeps the process until then, which a listener alone does not.
const waiting = setInterval(() => {}, 1000);
const asked = new Promise(resolve => process.once('SIGUSR2', resolve));
console.log('ready');
await asked;
clearInterval(waiting);
const health = healthAfter(5, { hold: hold(3) });
const told = await announce(deskOf(store, { notify: channels({ type: 'webhook', url: webhook }), health }));
console.log(`told ${JSON.stringify(told.map(one => `${one.kind} ${one.outcome}`))}`);
