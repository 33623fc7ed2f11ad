import { Refusal } from '../lib/refusal.ts';
import { isPrintable } from '../protocol/check.ts';
import type { DurationOptions } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import { recordsHits } from '../protocol/records-hits.ts';
import { parseTemplate } from '../protocol/template.ts';
import { checkExpressions } from './expressions.ts';
import type { Placement } from './place.ts';

/**
 * What is asked, checked before anything is sent to an agent, which checks the same again. A logpoint's expressions are those of
 * its template; what records no hits costs a single one.
 */
export function readAsked(placement: Placement): Placement {
  const { kind, file, log, duration } = placement;
  checkFile(file, 'file');
  const read = { ...withLines(placement), maxHits: recordsHits(placement) ? placement.maxHits : 1 };
  for (const line of [read.expectLine, ...(read.around?.before ?? []), ...(read.around?.after ?? [])]) checkSourceLine(line);
  if (kind === 'logpoint') read.expressions = expressionsOf(log?.template ?? '');
  if (kind === 'metric' && read.expressions.length !== 1)
    throw refuse('expression', 'A metric measures exactly one expression.', 'Give one expression that is a number.');
  if (!recordsHits(placement) && kind !== 'metric' && read.expressions.length > 0)
    throw refuse(
      'expressions',
      `Nothing is captured by a ${kind}, so expressions are of no use in it.`,
      'Leave them out, or take a snapshot.',
    );
  if (kind === 'duration') checkSpan(placement, duration);
  checkExpressions(read);
  return read;
}

/** Agents refuse a path that cannot be seen as it is; so it is not sent to them. */
function checkFile(file: string, field: string): void {
  if (file.length > 0 && file.length <= limits.maxFileChars && isPrintable(file)) return;
  throw refuse(
    field,
    `The file is empty, longer than ${limits.maxFileChars} characters, or holds a control or invisible character.`,
    'Give the path as it is in the source tree, for example src/checkout.ts.',
  );
}

/** Of an expected text of several lines the first is the line's own; the others tell where it has moved to. */
function withLines(placement: Placement): Placement {
  const [first = '', ...after] = (placement.expectLine ?? '')
    .replace(/^\s*\n/, '')
    .trimEnd()
    .split(/\r\n|[\n\r]/);
  if (after.length === 0) return placement;
  if (after.length <= limits.maxLinesAround)
    return { ...placement, expectLine: first, around: { before: placement.around?.before ?? [], after } };
  throw refuse(
    'expectLine',
    `expectLine has ${after.length + 1} lines; it may have the line itself and up to ${limits.maxLinesAround} after it.`,
    `Give its first ${limits.maxLinesAround + 1} lines.`,
  );
}

function checkSourceLine(text: string | undefined): void {
  if (text === undefined || text.length <= limits.maxQueryChars) return;
  throw refuse(
    'expectLine',
    `An expected line is longer than ${limits.maxQueryChars} characters.`,
    'Give its beginning, or leave it out.',
  );
}

function expressionsOf(template: string): string[] {
  const parsed = parseTemplate(template);
  if (parsed.ok) return parsed.expressions;
  const { message, position, hint } = parsed;
  throw new Refusal({
    code: 'invalid_expression',
    message: `${message} (at character ${position} of ${JSON.stringify(template.slice(0, 200))})`,
    field: 'template',
    next: hint ?? 'Write expressions in braces, as in "order {order.id} costs {order.total}"; {{ and }} are braces themselves.',
    data: { position },
  });
}

/** From a line to another of the same file, or the whole function. */
function checkSpan({ file, line }: Placement, duration: DurationOptions | undefined): void {
  if (duration?.span !== 'lines') return;
  if (duration.to === undefined || duration.to.file !== file)
    throw refuse('toLine', 'A span ends at a line of the same file.', 'Give toLine, a line of the same function.');
  if (duration.to.line === line) throw refuse('toLine', 'A span begins and ends at different lines.', 'Give another toLine.');
}

const refuse = (field: string, message: string, next: string) => new Refusal({ code: 'invalid_input', message, field, next });
