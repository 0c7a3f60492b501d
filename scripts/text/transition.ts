import { type Hazard, hazardText, type Transition } from '../../src/views/transition.ts';
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
    ...(hazards.length > 0 ? ['', ...hazards.map(one => styled('red', hazardLine(one, look), look))] : []),
  ];
}

const hazardLine = (hazard: Hazard, look: Look) =>
  `! ${hazardText(hazard, { name: name => shownName(name, look), email: email => shownValue('email', email, look) })}`;
