import { type Edit, inOrder, insert, passEdits, spanEdits } from '../source/inserted.ts';
import { analyse } from '../source/statements.ts';

/** Longest file that is rewritten, in characters; it is read as the program starts. */
const maxChars = 1_000_000;
/** Characters a line has on average in a file that was minified: nobody asks for a line of it. */
const maxLineChars = 500;
/** Names read at one statement; those declared innermost come first. */
const maxNames = 40;

/** Local variables of each function, for its statements and for its whole run; short, as they are written often. */
const tokens = { pass: '$sl$', span: '$sp$' };
/** The numbers that the two ends of a function give; statements count from 0. */
const spanSites = { site: -1, exitSite: -2 };

/** What is told of where a call stands now. Offsets into the text as it was. */
export interface LoadedSite {
  /** Index of its function's cell. */
  cell: number;
  /** The first token of the statement, or of the body of the function. */
  offset: number;
  names: readonly string[];
}

export interface Rewritten {
  text: string;
  /** In the order of the text. */
  edits: Edit[];
  /** Statements in the order of the text; the index is the number that the inserted call gives. */
  sites: LoadedSite[];
  /** Functions whose whole run is told, in the order of their bodies. */
  spans: LoadedSite[];
  cells: number;
  /** Where code begins that has no statement for a call to stand before. */
  bareBodies: number[];
}

/** The global that a function's statements look at. */
export function cellName(mark: string, cell: number): string {
  return mark + cell.toString(36);
}

/**
 * Puts a call before each statement of a file, on the same line. `mark` begins the names it uses and does not stand in the text. Gives why
 * not when the file is not one to be rewritten, or cannot be read as JavaScript; throws for nothing else.
 */
export function rewrite(source: string, mark: string, hasOwnMap: boolean): Rewritten | { why: string } {
  if (source.length > maxChars) return { why: `It is longer than ${maxChars} characters.` };
  // What a loader has compiled onto one line still has its lines in the map.
  if (!hasOwnMap && isMinified(source)) return { why: 'It is minified.' };
  // `require` of an ES module goes through both hooks.
  if ([mark, tokens.pass, tokens.span].some((name) => source.includes(name))) return { why: 'It is instrumented already.' };
  const analysis = analyse(source);
  const statements = analysis.statements(maxNames);
  if (statements.length === 0) {
    const refused = analysis.insertionAt(0);
    return { why: `There is no statement in it${'why' in refused ? `: ${refused.why}` : ''}.` };
  }
  const sites: LoadedSite[] = [];
  const spans: LoadedSite[] = [];
  const edits: Edit[] = [];
  /** By the index of the function; with the number of its first statement. */
  const cells = new Map<number, { cell: number; first: number }>();
  for (const { insertion, function: owner } of statements) {
    const { cell, first } = cells.get(owner) ?? { cell: cells.size, first: sites.length };
    const name = cellName(mark, cell);
    if (!cells.has(owner)) {
      cells.set(owner, { cell, first });
      const around = owner < 0 ? undefined : analysis.wholeFunctionOf(owner);
      // Others would feel it: V8 inlines what is small, and a `try` around it makes it larger.
      if (around !== undefined && 'body' in around && around.isAsync && !around.isGenerator && !around.body.isExpression) {
        const names = around.entry.slice(0, maxNames);
        edits.push(...spanEdits(around, { ...spanSites, cell: name, token: tokens.span, names }));
        spans.push({ cell, offset: around.body.from, names: names.map((one) => one.name) });
      }
    }
    const { at, names } = insertion;
    const site = sites.length;
    edits.push(...passEdits(insertion, { cell: name, element: site - first, token: tokens.pass, site, names }));
    sites.push({ cell, offset: at, names: names.map((one) => one.name) });
  }
  // The first statements of a function may be none to stand before, so that an inner one was met earlier.
  spans.sort((a, b) => a.offset - b.offset);
  return {
    text: insert(source, edits),
    edits: inOrder(edits),
    sites,
    spans,
    cells: cells.size,
    bareBodies: analysis.bareBodies(),
  };
}

function isMinified(source: string): boolean {
  let lines = 1;
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) lines += 1;
  return source.length / lines > maxLineChars;
}
