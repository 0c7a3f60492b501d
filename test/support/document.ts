/** A fenced block of a Markdown text, with the indentation of a list taken off. */
export interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

/** A command of a `console` block, and what the text says that it prints. */
export interface Command {
  readonly line: string;
  readonly output: readonly string[];
}

/** The fenced blocks between two comments such as `<!-- demo -->`. */
export function blocksBetween(text: string, start: string, end: string): Block[] {
  const [, part = ''] = text.split(`<!-- ${start} -->`);
  const [section = ''] = part.split(`<!-- ${end} -->`);
  return [...section.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', language = '', body = '']) => ({
      language,
      lines: body
        .trimEnd()
        .split('\n')
        .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line)),
    }),
  );
}

/** The commands of a `console` block: each line after `$ `, with the lines up to the next. */
export function commandsOf({ lines }: Block): Command[] {
  const commands: { line: string; output: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) commands.push({ line: line.slice(2), output: [] });
    else commands.at(-1)?.output.push(line);
  }
  return commands;
}

/** Whether a program printed what a text shows: `…` stands for anything within a line, and alone for any number of lines. */
export function shows(expected: readonly string[], printed: string): boolean {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const line = (text: string) => (text === '…' ? '(?:.*\\n)*?' : `${text.split('…').map(literal).join('.*')}\\n`);
  const seen = printed.replace(/ +$/gm, '').trimEnd();
  return new RegExp(`^${expected.map(line).join('')}$`).test(seen === '' ? '' : `${seen}\n`);
}
