import type { Detector, Finding } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';
import { Shape } from './traits.ts';

/** `-u a:b`. */
const minChars = 6;
/** Arguments behind a command that are looked at, in characters. */
const maxArgumentChars = 1_024;
/** `-u user:password` and `--user user:password`, also as items of a list; one side may be empty where a key takes its place. */
const userOption =
  /(?<=^|[\s"'])(?:-u|--user|--proxy-user)(?:=|[ \t]{1,4}|["'], ?(?=["']))(?:"([^"\n]{3,256})"|'([^'\n]{3,256})'|([^\s"':]{0,128}:(?:"[^"\n]{1,128}"|'[^'\n]{1,128}'|[^\s"']{1,128})))/g;
/** Commands that take a password behind a short option of their own. */
const commands =
  /\b(?:(mysql|mysqldump|mysqladmin|mariadb)|(sshpass)|(docker login|podman login|az login|helm registry login)|(redis-cli)|(ldapsearch|ldapadd|ldapmodify)|(sqlcmd|bcp))\b/g;
/** The option of each group above; `mysql` takes the password without a blank. */
const options = [
  /(?<=\s)-p(?:"([^"\n]{1,128})"|'([^'\n]{1,128})'|([^\s"'|;&]{1,128}))/,
  /(?<=\s)-p ?(?:"([^"\n]{1,128})"|'([^'\n]{1,128})'|([^\s"'|;&-][^\s"'|;&]{0,127}))/,
  /(?<=\s)-p[ =](?:"([^"\n]{1,128})"|'([^'\n]{1,128})'|([^\s"'|;&-][^\s"'|;&]{0,127}))/,
  /(?<=\s)-a (?:"([^"\n]{1,128})"|'([^'\n]{1,128})'|([^\s"'|;&-][^\s"'|;&]{0,127}))/,
  /(?<=\s)-w (?:"([^"\n]{1,128})"|'([^'\n]{1,128})'|([^\s"'|;&-][^\s"'|;&]{0,127}))/,
  /(?<=\s)-P ?(?:"([^"\n]{1,128})"|'([^'\n]{1,128})'|([^\s"'|;&-][^\s"'|;&]{0,127}))/,
];
const placeholders = new Set([
  'user',
  'username',
  'pass',
  'passwd',
  'password',
  'pwd',
  'token',
  'secret',
  'changeme',
  'test',
  'yyy',
]);

/** Passwords that command lines hold without naming them. */
export const commandLine: Detector = {
  name: 'command-line',
  kind: 'secret',
  couldHold: ({ separator, shapes, length }) => length >= minChars && separator && (shapes & Shape.option) !== 0,
  find(text) {
    return [...(text.includes('-u') ? users(text) : []), ...(/ -[paPw]/.test(text) ? shortOptions(text) : [])];
  },
};

function users(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(userOption)) {
    const given = match[1] ?? match[2] ?? match[3] ?? '';
    const start = match.index + match[0].lastIndexOf(given);
    const colon = given.indexOf(':', given.startsWith('{') ? given.indexOf('}') : 0);
    if (colon < 0 || given.startsWith('<')) continue;
    const password = given.slice(colon + 1);
    const [from, to] = password === '' ? [0, colon] : [colon + 1, given.length];
    if (isPassword(given.slice(from, to))) findings.push({ start: start + from, end: start + to, rule: 'password' });
  }
  return findings;
}

function shortOptions(text: string): Finding[] {
  const findings: Finding[] = [];
  let after = 0;
  for (const match of text.matchAll(commands)) {
    const from = match.index + match[0].length;
    if (from < after) continue;
    const line = text.slice(from, from + maxArgumentChars).split('\n', 1)[0] as string;
    after = from + line.length;
    const option = options[match.slice(1).findIndex((group) => group !== undefined)]?.exec(line);
    const given = option?.[1] ?? option?.[2] ?? option?.[3];
    if (!option || given === undefined || !isPassword(given)) continue;
    const start = from + option.index + option[0].lastIndexOf(given);
    findings.push({ start, end: start + given.length, rule: 'password' });
  }
  return findings;
}

/** Group ids and ports are numbers; documentation writes the word "password". */
function isPassword(text: string): boolean {
  const bare = text.replaceAll(/["']/g, '');
  return (
    bare !== '' &&
    !/^\d{1,5}$/.test(bare) &&
    !placeholders.has(bare.toLowerCase()) &&
    !/^\[.*\]$|^[<$]/.test(bare) &&
    !isPlaceholder(bare)
  );
}
