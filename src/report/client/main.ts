import type { ReportData } from '../data.ts';
import type { ClientWords } from '../words.ts';
import { Address } from './address.ts';
import { organisationChart } from './chart.ts';
import { comparison } from './comparison.ts';
import type { Context } from './context.ts';
import { Departments } from './departments.ts';
import { h, nodesOf, placeIn } from './dom.ts';
import { diffExplorer } from './explorer.ts';
import { foldedDetails } from './folded.ts';
import { type AddressState, diffInPage, isKnownPair, orderedPair } from './pair.ts';
import { personView } from './person.ts';
import { watchPrinting } from './print.ts';
import { syncView } from './sync.ts';
import { themeButton } from './theme.ts';
import { Speech } from './words.ts';

/** What the page has of it in itself. */
const embeddedJson = (id: string): unknown => JSON.parse(document.getElementById(id)?.textContent ?? 'null');

/** Brings all parts of the page to life. */
function startPage(): void {
  const data = embeddedJson('data') as ReportData;
  const speech = new Speech(embeddedJson('words') as ClientWords, data.language, data.zone);
  const address = new Address();
  const context: Context = {
    data,
    speech,
    departments: new Departments(data.tree),
    showPerson(username) {
      person.show(username);
      bring('person');
    },
    showSnapshot(number) {
      compared.chooseUpTo(number);
      bring('diff');
    },
  };
  const person = personView(context, username => address.change({ person: username }));
  const compared = comparison(context, {
    chosen: pair => address.change({ pair }),
    shown: diff => person.learnFrom(diff),
  });
  themeButton(speech);
  watchPrinting();
  placeIn('person')?.append(person.element);
  placeIn('chart')?.append(organisationChart(context));
  placeIn('sync')?.append(...nodesOf(syncView(data.sync, context)));
  showHold(context);
  const [first] = data.diffs;
  const follow = ({ pair, person: username }: AddressState) => {
    if (pair && isKnownPair(pair, data)) {
      // A report may be asked for that goes back in time; what readers choose never does.
      compared.choose(diffInPage(pair, data) ? pair : orderedPair(pair.before, pair.after));
    } else if (first) compared.choose(first);
    if (username !== undefined) person.show(username);
  };
  if (!first) placeIn('diff')?.append(h('p', {}, speech.words.diff.none));
  follow(address.state);
  address.watch(follow);
}

function showHold(context: Context): void {
  const { hold } = context.data;
  if (!hold) return;
  const { details } = context.speech.words.hold;
  placeIn('hold-diff')?.append(foldedDetails(details, () => diffExplorer(hold.diff, context, { label: details })));
}

const bring = (id: string) => document.getElementById(id)?.closest('section')?.scrollIntoView({ block: 'start' });

startPage();
