import { announcing } from './announcing.ts';
import { plainWords } from './assigned-value.ts';
import type { Detector, Finding, Scanning } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';
import { endOfTuple, type Literal, literalAt } from './sql-literals.ts';

/** A name of one letter, which a policy may have, a function of three, and a value of one: `k=md5('x`. */
const minChars = 8;
/** Longest list of columns, in characters. */
const maxColumnsChars = 4_096;
/** Longest value that an error message of a database shows. */
const maxShownChars = 4_096;
/** How far before `IDENTIFIED BY` the statement may begin. */
const maxStatementChars = 300;

/** What any of the forms below begins with: most texts with blanks have none of it. */
const anyForm =
  /\bvalues?\s{0,32}\(|\bidentified\b|\bset\s{1,8}password\b|\bkey \(|\bduplicate\b|\bpassword\s?\(|=\s{0,4}\w{3,12}\s{0,2}\(/i;
const formWords = announcing('values?|identified|set|key|duplicate|password');
const values = /\)\s{0,32}(?:(?:output|overriding)\b[^()]{1,200})?\bvalues?\s{0,32}(?=\()/gi;
const nextTuple = /\s{0,32},\s{0,32}(?=\()/y;
const identified = /\bidentified\s{1,8}(?:with\s{1,8}[^\s]{1,64}\s{1,8})?(?:by|as)\s{1,8}(?:(?:password|values)\s{1,8})?/gi;
const accountStatement = /\b(?:(?:create|alter)\s{1,8}(?:user|role)|grant|connect\s{1,8}to)\b/i;
const setPassword = /\bset\s{1,8}password\s{1,8}for\s{1,8}[^=\n]{1,128}=\s{0,8}(?:(?:old_)?password\s{0,2}\(\s{0,2})?/gi;
/** A password that the database is to hash; the name before it, if any, is the group. */
const hashed =
  /(?:([\w$]{1,64})["'`\]]?\s{0,4}=\s{0,4}(?:md5|sha\d{0,3}|crypt|encrypt|hashbytes|(?:old_)?password)|\bPASSWORD)\s{0,2}\(\s{0,2}(?:'[\w-]{1,16}'\s?,\s?)?(?=N?['"])/g;
/** PostgreSQL's detail of a broken constraint, MySQL's and SQL Server's of a unique one. */
const brokenKey = /\bkey \(([^=\n]{1,512}?)\)=\(/gi;
const afterKey = /\) (?:already exists|is not present|is still referenced|conflicts|is duplicated)/;
const duplicateEntry = /\bduplicate entry '([^\n]{1,1024}?)' for key '([^'\n]{1,192})'/dgi;
const duplicateValue = /\bindex '([^'\n]{1,192})'\. the duplicate key value is \(([^\n]{1,1024}?)\)/dgi;

/** Secrets and personal data in statements of SQL and in what databases say of them: values by the name of their column. */
export const sql: Detector = {
  name: 'sql',
  kind: 'secret',
  // Only the brackets of a function may stand without a blank: `PASSWORD('…`.
  couldHold: ({ length, spaces, breaks, equals, parenthesis, announced }) =>
    length >= minChars && ((equals && parenthesis) || ((parenthesis || breaks || spaces > 0) && (announced & formWords) !== 0)),
  find(text, scanning) {
    if (!anyForm.test(text)) return [];
    return [
      ...inserted(text, scanning),
      ...identifiedBy(text),
      ...setFor(text),
      ...hashedValues(text, scanning),
      ...brokenKeys(text, scanning),
      ...duplicates(text, scanning),
    ];
  },
};

/** `insert into t (a, b) values (1, 'x'), (2, 'y')`: the second column names the second value of each row. */
function inserted(text: string, { nameRule }: Scanning): Finding[] {
  const findings: Finding[] = [];
  values.lastIndex = 0;
  for (let match = values.exec(text); match !== null; match = values.exec(text)) {
    const rules = columnsBefore(text, match.index).map((column) => nameRule(column));
    if (rules.every((rule) => rule === undefined)) continue;
    let end = values.lastIndex;
    for (let isNext = true; isNext; ) {
      end = endOfTuple(text, end, (literal, column) => addLiteral(findings, text, literal, rules[column]));
      nextTuple.lastIndex = end;
      isNext = nextTuple.test(text);
      if (isNext) end = nextTuple.lastIndex;
    }
    values.lastIndex = end;
  }
  return findings;
}

/** The names of the list that is closed here, without quotes and the table before a dot. */
function columnsBefore(text: string, close: number): string[] {
  let open = close - 1;
  const limit = Math.max(0, close - maxColumnsChars);
  while (open >= limit && text[open] !== '(' && text[open] !== ')') open--;
  if (text[open] !== '(') return [];
  return text
    .slice(open + 1, close)
    .split(',')
    .map((column) => column.slice(column.lastIndexOf('.') + 1).replace(/[\s"'`[\]\\]/g, ''));
}

function addLiteral(findings: Finding[], text: string, { start, end }: Literal, rule: string | undefined): void {
  if (rule === undefined || end <= start) return;
  const value = text.slice(start, end);
  if (plainWords.has(value.toLowerCase()) || isPlaceholder(value) || /^(?:%s|:\w+|\?|[$@]\w+)$/.test(value)) return;
  findings.push({ start, end, rule });
}

/** Oracle takes a password without quotes; in prose a thing is identified by another, so it needs a statement before it. */
function identifiedBy(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(identified)) {
    const at = match.index + match[0].length;
    const isAccount = accountStatement.test(text.slice(Math.max(0, match.index - maxStatementChars), match.index));
    if (!isAccount && !match[0].startsWith('IDENTIFIED')) continue;
    const bare = isAccount && /\sby\s/i.test(match[0]) ? /[^\s;'"`,?$:@]{1,128}/y : undefined;
    addLiteral(findings, text, literalAt(text, at) ?? bareAt(text, at, bare), 'password');
  }
  return findings;
}

function bareAt(text: string, at: number, pattern: RegExp | undefined): Literal {
  if (pattern === undefined) return { start: at, end: at };
  pattern.lastIndex = at;
  return { start: at, end: at + (pattern.exec(text)?.[0].length ?? 0) };
}

function setFor(text: string): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(setPassword)) {
    const literal = literalAt(text, match.index + match[0].length);
    if (literal !== undefined) addLiteral(findings, text, literal, 'password');
  }
  return findings;
}

function hashedValues(text: string, { nameRule }: Scanning): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(hashed)) {
    const literal = literalAt(text, match.index + match[0].length);
    const rule = match[1] === undefined ? 'password' : nameRule(match[1]);
    if (literal !== undefined) addLiteral(findings, text, literal, rule);
  }
  return findings;
}

/** `Key (email, token)=(a@b, x) already exists.`: neither names nor values are quoted. */
function brokenKeys(text: string, { nameRule }: Scanning): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(brokenKey)) {
    const start = match.index + match[0].length;
    const shown = text.slice(start, start + maxShownChars).split('\n', 1)[0] as string;
    const close = afterKey.exec(shown)?.index ?? shown.indexOf(')');
    const listed = close < 0 ? shown : shown.slice(0, close);
    const rules = (match[1] as string).split(',').map((column) => nameRule(column.trim()));
    const parts = listed.split(', ');
    if (rules.length !== parts.length) {
      const rule = rules.find((found) => found !== undefined);
      addLiteral(findings, text, { start, end: start + listed.length }, rule);
      continue;
    }
    let at = start;
    for (const [index, part] of parts.entries()) {
      addLiteral(findings, text, { start: at, end: at + part.length }, rules[index]);
      at += part.length + 2;
    }
  }
  return findings;
}

function duplicates(text: string, { nameRule }: Scanning): Finding[] {
  const findings: Finding[] = [];
  const add = ([start, end]: [number, number], key: string): void => {
    addLiteral(findings, text, { start, end }, nameRule(key.slice(key.lastIndexOf('.') + 1)));
  };
  for (const { 2: key = '', indices } of text.matchAll(duplicateEntry)) add(indices?.[1] ?? [0, 0], key);
  for (const { 1: key = '', indices } of text.matchAll(duplicateValue)) add(indices?.[2] ?? [0, 0], key);
  return findings;
}
