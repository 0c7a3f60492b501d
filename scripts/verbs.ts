import type { Command } from 'commander';
import leven from 'leven';

/** The commands, in the order in which `rosterd help` lists them; each has its file of that name in `commands/`. */
export const VERBS = {
  serve: 'the daemon: pulls, serves OMFLOW, checks logins',
  check: 'tries the configuration, every source, the directory and the store; changes nothing',
  pull: 'makes one run now; prints what changed and the verdict',
  status: 'what is served, since when, and whatever is wrong',
  log: 'snapshots, runs or deliveries, newest first',
  show: 'one snapshot: its departments, people and problems',
  diff: 'what changed between two snapshots',
  person: 'the history of one person, field by field',
  department: 'the history of one department, field by field',
  report: 'one page to look at, in a browser or a mail: what there is, what changed, what is held',
  review: 'the candidate that is held: what it would change, and why that needs a decision',
  approve: 'publishes the candidate of a hold, exactly, and makes a run after it',
  pin: 'the rollback: serves an older snapshot until unpin; shows first what OMFLOW would do',
  unpin: 'serves the newest snapshot again; shows first what OMFLOW would do',
  export: 'one snapshot as OMFLOW gets it, or a table of its people for a spreadsheet',
  verify: 'whether every snapshot in the store is still what was published',
  prune: 'takes away old snapshots, runs and deliveries as the retention says; shows first what would go',
  purge: 'erases one person who has left from all history; shows first what would go',
  backup: 'a copy of the store in one file, made while the daemon runs',
  restore: 'fills an empty store, on either engine, from a backup',
  manifest: 'runs one REST manifest by itself, or authorizes it: rosterd manifest test FILE',
  login: 'tries a login and explains each step',
  unlock: 'lets somebody try again at once who gave wrong passwords too often',
  certificate: 'makes a certificate and its key, for a first try of HTTPS',
  token: "makes a client's credential, and the line to paste into the configuration",
  schema: 'the JSON schema of the configuration, for editors',
  demo: 'a made-up company in an embedded database, and the daemon on it',
  help: 'what a command does: rosterd help COMMAND',
} as const;

export type VerbName = keyof typeof VERBS;

export const isVerb = (name: string): name is VerbName => Object.hasOwn(VERBS, name);

/** Loads a command; only the one that is called, so that each of them starts quickly. */
export async function loadVerb(name: VerbName): Promise<Command> {
  const module = (await import(`./commands/${name}.ts`)) as { readonly command: Command };
  return module.command;
}

/** What somebody may have meant by a name that is not known: those of the known ones that are close, the closest first. */
export function meant(name: string, known: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const near = (one: string) => {
    const distance = leven(wanted, one.toLowerCase(), { maxDistance: 4 });
    return one.toLowerCase().startsWith(wanted) ? Math.min(distance, 2) : distance;
  };
  return [...known]
    .map(one => ({ one, distance: near(one) }))
    .filter(({ one, distance }) => distance <= Math.max(1, Math.min(3, Math.floor(one.length / 2))))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ one }) => one);
}
