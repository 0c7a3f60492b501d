import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { EXIT } from './exit.ts';
import { VERBS, type VerbName } from './verbs.ts';

// A command file finds all it needs to be one behind this door.
export { exitWith, print, printJson } from './print.ts';

/** The options that every command takes. */
export interface CommonOptions {
  readonly config: string;
  readonly json?: true;
}

/** What help says of a command besides its arguments and options. */
export interface HelpTexts {
  /** More than the line in the list of commands, where there is more to say. */
  readonly more?: string;
  /** What its exit codes mean; 2 and 4 are the same everywhere and need not be named. */
  readonly exits?: Partial<Record<keyof typeof EXIT, string>>;
  readonly examples: readonly (readonly [line: string, what: string])[];
}

/** The configuration of this installation, whatever the current folder. */
const CONFIG = fileURLToPath(new URL('../config/rosterd.yaml', import.meta.url));

/** A command of the terminal, to be given its arguments, options and action. */
export const verb = (name: VerbName, texts: HelpTexts): Command => made(name, texts).addOption(configOption());

/** A command that reads no configuration; it takes the option all the same, for scripts that give it to every command. */
export const bareVerb = (name: VerbName, texts: HelpTexts): Command =>
  made(name, texts).addOption(configOption().hideHelp());

/** Where none is named it is that of the environment, as where rosterd is installed, else that of this installation. */
function configOption(): Option {
  const named = process.env['ROSTERD_CONFIG'];
  return new Option('--config <FILE>', 'the configuration').default(named || CONFIG, named || 'config/rosterd.yaml');
}

function made(name: VerbName, texts: HelpTexts): Command {
  return (
    new Command(`rosterd ${name}`)
      .description(texts.more ? `${VERBS[name]}\n\n${texts.more}` : VERBS[name])
      .addHelpText('after', helpAfter(texts))
      .option('--json', 'for scripts: one JSON object a line')
      .helpOption('-h, --help', 'this text')
      .exitOverride()
      // Errors are worded in one place, `failures.ts`.
      .configureOutput({ outputError: () => {} })
  );
}

function helpAfter({ exits, examples }: HelpTexts): string {
  const codes = {
    fine: 'fine',
    usage: 'wrong usage or configuration',
    failed: 'failed, or the store cannot be reached',
  };
  const lines = Object.entries({ ...codes, ...exits })
    .map(([name, what]) => [EXIT[name as keyof typeof EXIT], what] as const)
    .sort(([a], [b]) => a - b)
    .map(([code, what]) => `  ${code}  ${what}`);
  const longest = Math.max(...examples.map(([line]) => line.length));
  const shown = examples.map(([line, what]) => `  ${line.padEnd(longest)}  ${what}`.trimEnd());
  return ['', 'Exit codes:', ...lines, '', `Example${examples.length === 1 ? '' : 's'}:`, ...shown].join('\n');
}
