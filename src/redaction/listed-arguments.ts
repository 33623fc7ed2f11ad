import { commandLine } from './detectors/command-line.ts';
import type { Scanning } from './detectors/detector.ts';
import { protocolLines } from './detectors/protocol-lines.ts';

/** Longer lists are data and no command; longer items are no arguments. */
const maxItems = 64;
const maxItemChars = 256;

/** What makes a list one of arguments: an option, or a command of a protocol that carries a password. */
const option = /^-{1,2}[A-Za-z]/;
const command = /^(?:AUTH|HELLO|LOGIN|PASS)$/;

/**
 * Which items of a list of arguments carry a secret that no name gives away, by their index, and its rule: `['-u', 'ada:…']`,
 * `['mysql', '-p…']`, `['AUTH', 'ada', '…']`. The list is read as the line it stands for.
 */
export function listedSecrets(items: readonly unknown[], scanning: Scanning): ReadonlyMap<number, string> | undefined {
  if (items.length < 2 || items.length > maxItems) return undefined;
  const texts = items.map((item) => (typeof item === 'string' && item.length <= maxItemChars ? item : ''));
  const isCommand = texts.some((text) => command.test(text));
  if (!isCommand && !texts.some((text) => option.test(text))) return undefined;
  const detector = isCommand ? protocolLines : commandLine;
  const starts: number[] = [];
  let line = '';
  for (const text of texts) {
    if (line !== '') line += ' ';
    starts.push(line.length);
    line += text.replace(/\s/g, '_');
  }
  const found = new Map<number, string>();
  for (const { start, rule } of detector.find(line, scanning)) {
    const at = starts.findLastIndex((from) => from <= start);
    if (at > 0) found.set(at, rule);
  }
  return found.size === 0 ? undefined : found;
}
