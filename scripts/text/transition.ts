import type { Hazard, Transition } from '../../src/views/transition.ts';
import { differenceText, headerText } from './changes.ts';
import { type Look, shownName, shownValue, styled } from './look.ts';
import { minuteIn } from './time.ts';

/** What OMFLOW would do, and where that would hurt. */
export function transitionText({ pair, delivered, difference, hazards }: Transition, look: Look): string[] {
  const from = delivered
    ? `what ${shownName(delivered.client, look)} was given at ${minuteIn(look.zone, delivered.at)}, and what it would be given:`
    : 'nothing has been delivered yet; what is served now, and what would be:';
  return [
    from,
    ...headerText(pair, look),
    '',
    ...differenceText(difference, look),
    ...(hazards.length > 0 ? ['', ...hazards.map(one => styled('red', hazardText(one, look), look))] : []),
  ];
}

function hazardText(hazard: Hazard, look: Look): string {
  switch (hazard.what) {
    case 'cascade': {
      const along = hazard.along.map(code => shownName(code, look)).join(', ');
      return `! OMFLOW would delete department ${shownName(hazard.deleted, look)} with what it has below it (${along}), and make that anew: whatever refers to those departments is lost there`;
    }
    case 'email': {
      const [from, to] = [hazard.from, hazard.to].map(name => shownName(name, look));
      return `! OMFLOW may refuse everything after ${to}, who would get ${shownValue('email', hazard.email, look)} while ${from} still has it`;
    }
  }
}
