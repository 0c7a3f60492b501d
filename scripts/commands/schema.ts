import { configJsonSchema } from '../../src/config/schema.ts';
import { bareVerb } from '../verb.ts';

export const command = bareVerb('schema', {
  more: 'It is JSON with or without --json, which only leaves out the line breaks.',
  examples: [
    ['rosterd schema > config/rosterd.schema.json', 'after a change of the configuration: the file that editors use'],
  ],
}).action(({ json }: { json?: true }) => {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, json ? 0 : 2)}\n`);
});
