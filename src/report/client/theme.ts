import { fill, h, placeIn } from './dom.ts';
import type { Speech } from './words.ts';

const THEMES = ['auto', 'light', 'dark'] as const;

/** A button that goes from theme to theme; remembered as long as the page is open. */
export function themeButton(speech: Speech): void {
  const { theme } = speech.words;
  const button = h('button', { type: 'button' });
  let at = 0;
  const show = () => {
    const now = THEMES[at] ?? 'auto';
    if (now === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = now;
    fill(button, speech.say(theme.label, { theme: theme[now] }));
  };
  button.addEventListener('click', () => {
    at = (at + 1) % THEMES.length;
    show();
  });
  show();
  placeIn('theme')?.append(button);
}
