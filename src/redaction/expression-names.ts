import type { Session } from './session.ts';

/** Last names that measure a value instead of reading it. */
const measures = new Set(['length', 'size']);
/** A name, an index in brackets with a quoted name, or anything else; each alternative consumes at least one character. */
const part =
  /[\p{L}_$][\p{L}\p{N}_$]{0,200}|\[\s{0,8}(?:'([^'\]]{0,200})'|"([^"\]]{0,200})")\s{0,8}\]|\?\.|\.|\[|\]|\s+|\d+|[\s\S]/gu;

/**
 * The name under which the result of a watch expression is judged: the last name of any path in it that is hidden, or a
 * secret anywhere on the path. `user.password` and `(a ?? b).token + ''` are hidden, `user.password.length` is not.
 */
export function hiddenNameIn(session: Session, expression: string): string | undefined {
  let path: string[] = [];
  let connected = false;
  let found: string | undefined;
  const close = (): void => {
    found ??= judge(session, path);
    path = [];
  };
  for (const match of expression.matchAll(part)) {
    const text = match[0];
    const quoted = match[1] ?? match[2];
    if (quoted !== undefined) {
      path.push(quoted);
      connected = false;
    } else if (/^[\p{L}_$]/u.test(text)) {
      if (!connected) close();
      path.push(text);
      connected = false;
    } else if (text === '.' || text === '?.') {
      connected = true;
    } else if (text !== '[' && text !== ']' && !/^\s|^\d/.test(text)) {
      close();
      connected = false;
    }
  }
  close();
  return found;
}

function judge(session: Session, path: string[]): string | undefined {
  const last = path.at(-1);
  if (last === undefined || measures.has(last)) return undefined;
  if (session.nameRule(last) !== undefined) return last;
  return path.find((name) => {
    const rule = session.nameRule(name);
    return rule !== undefined && session.isSecret(rule);
  });
}
