import type { Place } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { checkText } from './check-text.ts';
import { vetoOfScript } from './edit-veto.ts';
import { type FoundFile, findFile } from './find-file.ts';
import type { Library } from './library.ts';
import type { Task } from './reader-messages.ts';
import type { ScopesAt } from './scopes.ts';
import { spanOf } from './span.ts';
import type { Located, Spot } from './spot.ts';
import { type Candidate, stopsOnLine } from './stops-on-line.ts';

/** How far below the asked line the next executable one may be. */
const maxLinesDown = 30;

/** Names of one scope that are told, of each kind: bundles have tens of thousands. */
const maxNames = 1_000;

type Asked = Extract<Task, { kind: 'locate' }>;

/** Turns a line of a file as written into places where a probe can be, one in each script that has it. */
export function locate(asked: Asked, library: Library): Located {
  const { where, only } = asked;
  const scripts = only?.flatMap((id) => library.scripts.get(id) ?? []) ?? library.scripts.values();
  const search = findFile(where.file, scripts, library);
  if ('ambiguous' in search) {
    const message = `\`${where.file}\` could be any of: ${search.ambiguous.slice(0, 10).join(', ')}. Give more of the path.`;
    return { code: 'ambiguous-file', message: message.slice(0, limits.maxMessageChars) };
  }
  if (search.found.some((file) => library.isDenied(file))) {
    const message = `\`${where.file}\` must not be observed: SIDELIGHT_DENY_FILES of this process names it.`;
    return { code: 'not-allowed', message: message.slice(0, limits.maxMessageChars) };
  }
  const found: Spot[] = [];
  let problem: Extract<Located, { code: string }> | undefined;
  for (const file of search.found) {
    const checked = checkText(where, library.written(file.script, file.source));
    if ('code' in checked) {
      problem ??= checked;
      continue;
    }
    const { line } = checked;
    const from = line - 1;
    const candidates = stopsOnLine(file, library, [from, from + maxLinesDown + 1]);
    if (candidates.length > 0) found.push(describe(file, candidates, { ...asked, where: { ...where, line } }, library));
    else problem ??= noSuchLine(where.file, line, stopsOnLine(file, library, [Math.max(0, from - maxLinesDown), from], 'last'));
  }
  return found.length === 0 && problem !== undefined ? problem : { found };
}

function noSuchLine(file: string, line: number, [nearest]: Candidate[]): Extract<Located, { code: string }> {
  const hint = nearest === undefined ? '' : ` The nearest line with code before it is ${nearest.line + 1}.`;
  const message = `No code stands on line ${line} of \`${file}\` or within ${maxLinesDown} lines below it.${hint}`;
  return { code: 'no-such-line', message: message.slice(0, limits.maxMessageChars) };
}

/**
 * Takes the first place of the line, or the first from the asked column on. Of a line such as `get('/', () => answer())` at the top
 * of a file, which ran when the file was loaded, the function is meant.
 */
function describe(
  { script, path, source }: FoundFile,
  candidates: Candidate[],
  { where, withSpan, names }: Asked,
  library: Library,
): Spot {
  const text = library.textOf(script);
  const analysis = library.analysisOf(script);
  const described = candidates.map((candidate) => {
    const offset = text?.offsetOf(candidate.generated) ?? 0;
    return { ...candidate, offset, scopes: analysis.scopesOf(offset) };
  });
  const isAsked = where.column !== undefined && described[0]?.line === where.line - 1;
  const chosen = isAsked
    ? described.find(({ column }) => column >= (where.column ?? 1) - 1)
    : described.find(({ scopes }) => scopes.function !== undefined);
  const { generated, line, column, offset, scopes } = chosen ?? (described[0] as (typeof described)[number]);
  const written = library.written(script, source);
  const lineText = written?.line(line).trim().slice(0, limits.maxLineChars) ?? '';
  const place: Place = {
    file: path.slice(-limits.maxFileChars),
    line: line + 1,
    column: column + 1,
    ...(scopes.function === undefined ? {} : { function: scopes.function.slice(0, limits.maxNameChars) }),
    ...(lineText === '' ? {} : { text: lineText }),
    ...(written === undefined ? {} : { sourceHash: written.hash }),
  };
  const around = analysis.functionAt(offset);
  const span = around === undefined || !withSpan ? undefined : spanOf(script, around, library);
  return {
    script: { id: script.id, path: script.path, mapUrl: script.mapUrl },
    generated,
    place,
    scopes: fewer(scopes, names),
    insertion: analysis.insertionAt(offset),
    ...vetoOf(text?.text ?? ''),
    ...(around === undefined ? {} : { function: around }),
    ...(span === undefined ? {} : { span }),
  };
}

function vetoOf(text: string): { editVeto?: string } {
  const editVeto = vetoOfScript(text);
  return editVeto === undefined ? {} : { editVeto };
}

/** The first names of large scopes, variables and code apart, and the wanted ones: all of them would take long to hand over. */
function fewer(all: ScopesAt, wanted: readonly string[]): ScopesAt {
  const scopes = all.scopes.map((scope) => {
    if (scope.names.length <= maxNames) return scope;
    const left = { code: maxNames, variables: maxNames };
    const names = scope.names.filter(({ name, isCode }) => {
      left[isCode ? 'code' : 'variables'] -= 1;
      return left[isCode ? 'code' : 'variables'] >= 0 || wanted.includes(name);
    });
    return { ...scope, names };
  });
  return { ...all, scopes };
}
