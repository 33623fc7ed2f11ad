import type { FunctionAround, Insertion, NameToRead } from './spot.ts';

/** What an inserted call says. `cell` and `token` are names that do not occur in the text. */
export interface Pass {
  /** A global property: 0 while idle, else the function that is called. */
  cell: string;
  /** The element of that function which is 0 as long as nobody asks for this call. */
  element?: number;
  /** A variable of the function, in which one pass can leave something for the next. */
  token?: string;
  site: number;
  names: readonly NameToRead[];
}

/** A function's whole run: `site` is told at its entry, `exitSite` at its end, however it ends. */
export interface Span extends Pass {
  token: string;
  exitSite: number;
}

/** Text that goes in at an offset. Of two that belong together, each names the offset of the other. */
export interface Edit {
  at: number;
  text: string;
  pair?: number;
}

/**
 * A statement that calls `cell(site, token, …values)` while the cell holds a function. A name in its dead zone throws: then it is
 * called without values. It throws nothing, not even for want of stack, nor where its function was sent as text and there is no cell.
 */
export function passText({ cell, element, token, site, names }: Pass): string {
  const left = token === undefined ? '' : `${token}=`;
  const call = `${left}${cell}(${site},${token ?? 0}`;
  const values = names.map(({ text }) => `,${text}`).join('');
  const again = values === '' ? '' : `try{${call})}catch{}`;
  const asked = element === undefined ? '' : `&&${cell}[${element}]`;
  return `if(typeof ${cell}=='function'${asked})try{${token === undefined ? '' : 'var '}${call}${values})}catch{${again}}`;
}

/** What stands before and behind the body of a function. */
export function spanText(span: Span, isExpression: boolean): { before: string; after: string } {
  const { cell, token, exitSite } = span;
  const after = `finally{if(${token}&&typeof ${cell}=='function')try{${cell}(${exitSite},${token})}catch{}}`;
  return isExpression
    ? { before: `{${passText(span)}try{return(`, after: `)}${after}}` }
    : { before: `${passText(span)}try{`, after: `}${after}` };
}

export function passEdits({ at, wrapTo }: Insertion, pass: Pass): Edit[] {
  const text = passText(pass);
  if (wrapTo === undefined) return [{ at, text }];
  return [
    { at, text: `{${text}`, pair: wrapTo },
    { at: wrapTo, text: '}', pair: at },
  ];
}

/** At most one for each function. */
export function spanEdits({ body: { from, to, isExpression } }: FunctionAround, span: Span): Edit[] {
  const { before, after } = spanText(span, isExpression);
  return [
    { at: from, text: before, pair: to },
    { at: to, text: after, pair: from },
  ];
}

/**
 * The edits in the order of the text. At one offset either things end, the inner ones first, or they begin, the outer ones first;
 * what stands alone comes last.
 */
export function inOrder(edits: readonly Edit[]): Edit[] {
  return [...edits].sort((one, other) => one.at - other.at || (other.pair ?? -1) - (one.pair ?? -1));
}

/** Puts all edits into the text they were made for. */
export function insert(source: string, edits: readonly Edit[]): string {
  const pieces: string[] = [];
  let from = 0;
  for (const { at, text } of inOrder(edits)) {
    pieces.push(source.slice(from, at), text);
    from = at;
  }
  return pieces.join('') + source.slice(from);
}
