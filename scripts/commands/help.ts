import { UsageError } from '../exit.ts';
import { overview } from '../overview.ts';
import { bareVerb, print, printJson } from '../verb.ts';
import { isVerb, loadVerb, meant, VERBS } from '../verbs.ts';

export const command = bareVerb('help', { examples: [['rosterd help diff', 'what diff does and takes']] })
  .argument('[COMMAND]', 'the command to explain; without it, all are listed')
  .action(async (name: string | undefined, { json }: { json?: true }) => {
    if (name === undefined) return json ? printList() : print([overview()]);
    if (isVerb(name)) return (await loadVerb(name)).outputHelp();
    const [best] = meant(name, Object.keys(VERBS));
    throw new UsageError(`there is no command "${name}"${best ? `; did you mean "${best}"?` : ''}`);
  });

function printList(): void {
  for (const [name, summary] of Object.entries(VERBS)) printJson({ command: name, summary });
}
