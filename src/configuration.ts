import { ConfigError } from './config/error.ts';
import { type Loaded, loadConfig } from './config/load.ts';
import { chainProblems } from './logins/open.ts';

/**
 * A configuration that every room of the house accepts. Part of the composition roots: it asks the rooms about what the
 * schema cannot know. Throws a ConfigError.
 */
export function readConfiguration(file: string, env: Readonly<Record<string, string | undefined>>): Loaded {
  const loaded = loadConfig(file, env);
  const problems = chainProblems(loaded.config.authenticate);
  if (problems.length > 0) throw new ConfigError(file, problems);
  return loaded;
}
