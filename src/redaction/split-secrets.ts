import { assignments } from './detectors/assignments.ts';
import { authorization } from './detectors/authorization.ts';
import type { Finding } from './detectors/detector.ts';
import { jsonContainers } from './detectors/json-containers.ts';
import { urlPasswords } from './detectors/url-passwords.ts';
import { markerPattern } from './marker.ts';
import type { Session } from './session.ts';

/** Text before a marker in which the name of its value stands, in characters. */
const maxBeforeChars = 128;
/** What ends a word: behind a marker, what follows is no longer part of its value. */
const wordEnds = ' \t\r\n,;&|<>"\'`)}]\\';
const valued = [assignments, authorization, urlPasswords];

/**
 * The text with those secrets hidden that have markers inside or before them, so that they are not searched in one piece: lists and objects
 * behind the name of a secret, and what follows a marker directly where the value of such a name stands. A program can write markers, too.
 */
export function hideSplit(session: Session, text: string, cut: boolean): string {
  const masked = text.replace(markerPattern, (marker) => 'x'.repeat(marker.length));
  const whole = replaced(session, text, jsonContainers.find(masked, session.scanning(cut)));
  return replaced(session, whole, restsOf(session, whole, cut));
}

/** Rests of values behind markers. */
function restsOf(session: Session, text: string, cut: boolean): Finding[] {
  const findings: Finding[] = [];
  const markers = [...text.matchAll(markerPattern)];
  let from = 0;
  let first: number | undefined;
  for (const [at, { 0: marker, index }] of markers.entries()) {
    const end = index + marker.length;
    const next = markers[at + 1]?.index ?? text.length;
    // Of markers in a row the last one is looked at, with what stands before the first.
    first ??= index;
    if (end === next) continue;
    const before = text.slice(Math.max(from, first - maxBeforeChars), first);
    from = end;
    first = undefined;
    if (wordEnds.includes(text[end] ?? ' ')) continue;
    const joined = before + text.slice(end, next);
    for (const detector of valued) {
      const found = detector
        .find(joined, session.scanning(cut && next === text.length))
        .find((each) => each.start <= before.length && each.end > before.length && session.applies(each.rule));
      if (found === undefined) continue;
      findings.push({ start: end, end: end + found.end - before.length, rule: found.rule });
      break;
    }
  }
  return findings;
}

function replaced(session: Session, text: string, findings: readonly Finding[]): string {
  let result = '';
  let from = 0;
  for (const { start, end, rule } of findings) {
    if (!session.applies(rule)) continue;
    result += text.slice(from, start) + session.hide(rule, text.slice(start, end));
    from = end;
  }
  return from === 0 ? text : result + text.slice(from);
}
