import { ConfigError } from './config/error.ts';
import { type Loaded, loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { tlsOptions } from './connect/tls.ts';
import { type CertificateFiles, readCertificate } from './http/certificate.ts';
import { chainProblems } from './logins/open.ts';
import { manifestProblems } from './sources/rest/problems.ts';

/**
 * A configuration that every room of the house accepts. Part of the composition roots: it asks the rooms about what the
 * schema cannot know. Rejects with a ConfigError.
 */
export async function readConfiguration(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Loaded> {
  const loaded = loadConfig(file, env);
  const { tls } = loaded.config.server;
  const shown = certificateReport(tls && { ...tls, credentials: env['CREDENTIALS_DIRECTORY'] }, new Date());
  const problems = [
    ...sourceProblems(loaded.config),
    ...(await chainProblems(loaded.config.authenticate)),
    ...tlsProblems(loaded.config),
    ...shown.problems,
  ];
  if (problems.length > 0) throw new ConfigError(file, problems);
  return { ...loaded, warnings: [...loaded.warnings, ...shown.warnings] };
}

interface Report {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What is wrong with the certificate that the server shows. */
function certificateReport(files: CertificateFiles | undefined, now: Date): Report {
  if (files === undefined) return { problems: [], warnings: [] };
  try {
    return { problems: [], warnings: readCertificate(files, now).warnings };
  } catch (error) {
    return { problems: [(error as Error).message], warnings: [] };
  }
}

/** What is wrong with the manifests, given the values that the configuration has for them. */
function sourceProblems({ sources }: Config): string[] {
  return sources.flatMap((source, place) =>
    source.type === 'rest'
      ? manifestProblems(source).map(problem => `sources[${place}].manifest: ${source.manifest_file}: ${problem}`)
      : [],
  );
}

/** Certificates of connections that cannot be used: better said now than at the first one. */
function tlsProblems({ store, sources, authenticate }: Config): string[] {
  const blocks = [
    ['store', store] as const,
    ...sources.map((source, place) => [`sources[${place}]`, source] as const),
    ...authenticate.map((one, place) => [`authenticate[${place}]`, one] as const),
  ];
  return blocks.flatMap(([path, block]) => {
    try {
      if ('tls' in block && block.tls) tlsOptions(block.tls);
      return [];
    } catch (error) {
      return [`${path}.${(error as Error).message}`];
    }
  });
}
