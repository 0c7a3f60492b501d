import type { PlaceData } from '../data.ts';
import { type Branch, branchesOf, findBranches, rootsOf } from './branches.ts';
import type { Context } from './context.ts';
import { type Child, fill, h } from './dom.ts';
import { briefText } from './foreign.ts';
import { onPaper } from './print.ts';
import { pairName } from './selects.ts';
import { TreeView } from './tree.ts';

/** Levels of the tree that are open from the start. */
const OPEN_LEVELS = 2;

/** Departments that a tree may have to be on paper with all of them. */
const DEPARTMENTS_ON_PAPER = 1000;

/** The organisation chart: a tree, a search, and what is to be seen of it. */
export function organisationChart(context: Context): HTMLElement {
  const { data, speech } = context;
  const { words } = speech;
  if (data.tree.length === 0) return h('p', {}, words.chart.none);
  const branches = branchesOf(data.tree);
  const view = new TreeView(rootsOf(branches), {
    label: words.chart.label,
    content: ({ place }) => departmentLine(place, context),
    more: count => speech.counted(words.diff.more, count),
    text: ({ place }) => `${place.display_name}\n${place.group_no}`,
  });
  const firstLevels = () => new Set(branches.filter(({ place }) => place.depth < OPEN_LEVELS));
  const search = h('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => update() });
  const only = h('input', { type: 'checkbox', onchange: () => update() });
  const status = h('p', { class: 'muted', role: 'status' });
  const update = () => {
    const isFiltered = only.checked || search.value.trim() !== '';
    const found = findBranches(branches, { query: search.value, onlyChanged: only.checked });
    view.show(isFiltered ? found.shown : undefined, isFiltered ? found.shown : firstLevels());
    const none = found.matching.size === 0 ? words.chart.noneLeft : undefined;
    const some = speech.say(words.diff.shown, { shown: found.matching.size, count: branches.length });
    fill(status, isFiltered && (none ?? some));
  };
  const openOrClose = (title: string, opened: () => ReadonlySet<Branch>) =>
    h('button', { type: 'button', onclick: () => view.open(opened()) }, title);
  update();
  let before = view.opened;
  onPaper(
    view.element,
    () => {
      before = view.opened;
      view.open(branches.length <= DEPARTMENTS_ON_PAPER ? new Set(branches) : before);
    },
    () => view.open(before),
  );
  return h(
    'div',
    { class: 'chart' },
    asOfText(context),
    h(
      'form',
      {
        class: 'controls',
        role: 'search',
        'aria-label': words.chart.filter,
        onsubmit: event => event.preventDefault(),
      },
      h('label', {}, h('span', {}, words.chart.filter), ' ', search),
      h('label', { class: 'chip' }, only, ' ', words.chart.only),
      openOrClose(words.chart.openAll, () => new Set(branches)),
      openOrClose(words.chart.closeAll, () => new Set()),
    ),
    status,
    view.element,
  );
}

/** Which two the chart is of: it stays while others are compared. */
function asOfText(context: Context): Child {
  const [first] = context.data.diffs;
  const { asOf, alone } = context.speech.words.chart;
  if (!first) return undefined;
  const after = pairName(first.after, context);
  const text = first.before === 0 ? alone : asOf;
  return h('p', { class: 'muted' }, context.speech.say(text, { after, before: pairName(first.before, context) }));
}

const SIGN_OF_CHANGE = { added: '+', modified: '~', removed: '-' } as const;

function departmentLine(place: PlaceData, context: Context): Child {
  const { speech } = context;
  const { chart } = speech.words;
  const { group_no, display_name, change, came, went, own, all } = place;
  return [
    h('span', { class: 'name' }, briefText(display_name || group_no, context)),
    ' ',
    display_name !== '' && h('span', { class: 'mono muted' }, briefText(group_no, context)),
    ' ',
    h(
      'span',
      { class: 'heads muted' },
      speech.say(chart.all, { count: all }),
      own !== all && `, ${speech.say(chart.own, { count: own })}`,
    ),
    change && [' ', h('span', { class: `kind ${change}` }, `${SIGN_OF_CHANGE[change]} ${chart[change]}`)],
    came > 0 && [' ', h('span', { class: 'kind added' }, speech.say(chart.came, { count: came }))],
    went > 0 && [' ', h('span', { class: 'kind removed' }, speech.say(chart.went, { count: went }))],
    place.lingers && [' ', h('span', { class: 'kind held', title: chart.lingersWhy }, `! ${chart.lingers}`)],
  ];
}
