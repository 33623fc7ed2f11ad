import { type Folded, fold, unfold } from '../protocol/folded.ts';

/** One way to read a text, and where a stretch of it stands in the text as it was. */
export interface Reading {
  text: string;
  original<Stretch extends { start: number; end: number }>(stretch: Stretch): Stretch;
}

/** What could fold: characters beyond ASCII, and what starts a colour, an escape or a marker. */
const couldFold = /[^\0-\x1a\x1c-Z\]-\x7f]/;
const entity = /&(?:#(\d{2,6})|#[xX]([\da-fA-F]{2,5})|(quot|apos|amp|lt|gt|nbsp|colon|equals|commat|period|lowbar|num));/g;
const named: Readonly<Record<string, string>> = {
  ...{ quot: '"', apos: "'", amp: '&', lt: '<', gt: '>', nbsp: ' ' },
  ...{ colon: ':', equals: '=', commat: '@', period: '.', lowbar: '_', num: '#' },
};

/** The ways in which a text reads, when there are others than the one it is written in: most texts have none, so there is no list. */
export function readingsOf(text: string): readonly Reading[] | undefined {
  const folded = couldFold.test(text) ? fold(text) : undefined;
  const plain = text.includes('&') ? decoded(folded?.text ?? text) : undefined;
  if (folded === undefined) return plain === undefined ? undefined : [asItIs(text), plain];
  const readings = [asItIs(folded.parted), foldedReading(folded)];
  return plain === undefined
    ? readings
    : [...readings, { text: plain.text, original: (stretch) => unfold(folded, plain.original(stretch)) }];
}

const asItIs = (text: string): Reading => ({ text, original: (stretch) => stretch });

const foldedReading = (folded: Folded): Reading => ({ text: folded.text, original: (stretch) => unfold(folded, stretch) });

/** The text with characters for the references of HTML and XML. */
function decoded(text: string): Reading | undefined {
  let read = '';
  let from = 0;
  /** For each reference: where the text after it starts, there and here. */
  const behind: { read: number; written: number }[] = [];
  for (const { 0: written, 1: decimal, 2: hex, 3: name, index } of text.matchAll(entity)) {
    read += text.slice(from, index) + (name === undefined ? characterOf(decimal, hex) : named[name]);
    from = index + written.length;
    behind.push({ read: read.length, written: from });
  }
  if (from === 0) return undefined;
  const place = (at: number): number => {
    let low = 0;
    let high = behind.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((behind[middle] as { read: number }).read <= at) low = middle + 1;
      else high = middle;
    }
    const last = behind[low - 1] ?? { read: 0, written: 0 };
    return last.written + at - last.read;
  };
  return {
    text: read + text.slice(from),
    original: (stretch) => ({ ...stretch, start: place(stretch.start), end: place(stretch.end) }),
  };
}

/** One character for each reference, so that places stay easy; what needs two is none that separates or names anything. */
function characterOf(decimal: string | undefined, hex: string | undefined): string {
  const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
  return code > 0xffff ? '?' : String.fromCharCode(code);
}
