import type { ReportData } from '../data.ts';
import { foreign, type Html, html } from '../html.ts';
import type { Reader } from '../reader.ts';
import { section, table } from './pieces.ts';

/** How many are listed. */
const MOST = 500;

/** Who logs in by another name than OMFLOW knows. */
export function renamedSection({ renamed }: ReportData, reader: Reader): Html {
  const { renamed: words } = reader.words;
  if (renamed.length === 0) return section('renamed', reader, html`<p class="muted">${words.none}</p>`);
  const rows = renamed.slice(0, MOST).map(
    ({ username, login }) => html`<tr>
<th scope="row"><span class="renamed" aria-hidden="true">R </span>${foreign(username)}</th><td>${foreign(login)}</td>
</tr>`,
  );
  const rest = renamed.length - rows.length;
  return section('renamed', reader, [
    html`<p>${words.why}</p>`,
    table([words.username, words.login], rows),
    rest > 0 && html`<p>${reader.counted(words.more, rest)}</p>`,
  ]);
}
