import { manifestFor, rest } from './rest-service.ts';

// A process of its own that reads all people of a service and keeps none: rest-drain.ts ORIGIN. It prints how many there
// were, and the most memory that it needed, in KiB.

const [origin = ''] = process.argv.slice(2);
const manifest = manifestFor(origin, {
  next_page_from: 'next',
  data_structure: {
    key: 'id',
    email: 'mail',
    nick_name: 'name',
    phone1: 'tel',
    departments: 'unit',
    title: 'job.title',
  },
});

let count = 0;
for await (const batch of rest(manifest).read({ signal: new AbortController().signal, today: '2026-11-22' })) {
  if (batch.kind === 'people') count += batch.records.length;
}
console.log(JSON.stringify({ count, peak: process.resourceUsage().maxRSS }));
