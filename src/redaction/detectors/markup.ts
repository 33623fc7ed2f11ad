import { plainWords } from './assigned-value.ts';
import type { Detector, Finding, Scanning } from './detector.ts';
import { isPlaceholder } from './placeholder.ts';

/** `<k a>v</`: a name of one letter, which a policy may have, an attribute and a value. */
const minChars = 8;
/** Attributes of one tag that are read, and characters of the text in an element. */
const maxAttributes = 24;
const maxContentChars = 8_192;
/** Blanks and opening tags between a name in its own element and the value in the next: `<key>…</key><string>…`. */
const maxBetweenChars = 200;

const tagName = /<([\w-]{1,32}:)?([A-Za-z][\w.-]{0,63})/y;
const attribute = /\s{1,16}([\w:@.-]{1,64})(?:\s?=\s?(?:\\{0,4}"([^"]{0,1024})"|\\{0,4}'([^']{0,1024})'|([^\s"'<>]{1,256})))?/dy;
const endOfTag = /\s{0,16}(\/)?>/y;
const data = /^\s*<!\[CDATA\[/;
const maxBlanks = 72;
const content = /\s{0,64}(?:<!\[CDATA\[([\s\S]{0,8192}?)(?:\]\]>|$)|([^<]{1,8192})(?:<\/|$))/dy;
const nextContent = /<\/[\w:.-]{1,64}>\s{0,64}(?:<[\w:.-]{1,64}>\s{0,64}){1,2}/y;

/** A word with a capital letter, or several words: what people read beside a field. */
const label = /^(?:\p{Lu}[\p{Ll}'’-]{1,32}|[\p{L}'’-]{1,32}(?: [\p{L}'’-]{1,32}){2,40})[ .:!?…*]{0,3}$/u;

const nameAttributes = new Set(['name', 'key', 'property', 'param', 'field', 'http-equiv', 'itemprop']);
const valueAttributes = new Set(['value', 'val', 'content', 'data-value', 'default', 'defaultvalue']);
const nameElements = new Set(['name', 'key', 'property', 'param', 'field', 'string']);
/** Elements whose text is a label for people. */
const labels = new Set(['label', 'button', 'th', 'option', 'a', 'legend', 'summary', 'h1', 'h2', 'h3']);

/**
 * Secrets in XML and HTML: `<add value="…" key="password"/>`, `<input type=password value=…>`, `<property name="password">…`,
 * `<ns:password type="text">…`, `<![CDATA[…]]>`, `<key>password</key><string>…`.
 */
export const markup: Detector = {
  name: 'markup',
  kind: 'secret',
  couldHold: ({ braces, length }) => braces && length >= minChars,
  find(text, scanning) {
    const findings: Finding[] = [];
    for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
      const tag = tagAt(text, at);
      at = tag?.end ?? at + 1;
      if (tag !== undefined) judge(text, tag, scanning, findings);
    }
    return findings;
  },
};

interface Value {
  start: number;
  end: number;
}

interface Tag {
  name: string;
  /** `<name>`, without a namespace and attributes: what is in it is assigned like any other value. */
  isBare: boolean;
  attributes: { name: string; value: Value }[];
  end: number;
  /** Whether it was closed with `>`, so that what follows is its content. */
  hasContent: boolean;
}

function tagAt(text: string, at: number): Tag | undefined {
  tagName.lastIndex = at;
  const opened = tagName.exec(text);
  if (opened === null) return undefined;
  const attributes: Tag['attributes'] = [];
  let end = tagName.lastIndex;
  for (let count = 0; count < maxAttributes; count++) {
    attribute.lastIndex = end;
    const found = attribute.exec(text);
    if (found === null) break;
    end = attribute.lastIndex;
    const [start, close] = found.indices?.[2] ?? found.indices?.[3] ?? found.indices?.[4] ?? [end, end];
    attributes.push({ name: (found[1] as string).toLowerCase(), value: { start, end: withoutEscapes(text, start, close) } });
  }
  endOfTag.lastIndex = end;
  const closed = endOfTag.exec(text);
  return {
    name: opened[2] as string,
    isBare: opened[1] === undefined && attributes.length === 0,
    attributes,
    end: closed === null ? end : endOfTag.lastIndex,
    hasContent: closed !== null && closed[1] === undefined,
  };
}

function withoutEscapes(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && text[last - 1] === '\\') last--;
  return last;
}

function judge(text: string, tag: Tag, scanning: Scanning, findings: Finding[]): void {
  const add = (value: Value | undefined, rule: string, name: string): void => {
    if (value !== undefined && !isHarmless(text.slice(value.start, value.end), rule, name, scanning))
      findings.push({ ...value, rule });
  };
  const named = tag.attributes.length === 0 ? undefined : nameIn(text, tag, scanning);
  if (named !== undefined) {
    for (const { name, value } of tag.attributes) if (valueAttributes.has(name)) add(value, named.rule, named.name);
    if (named.hasContent && !labels.has(tag.name.toLowerCase())) add(contentAt(text, tag, scanning), named.rule, named.name);
  }
  const own = scanning.nameRule(tag.name);
  if (own !== undefined && (!tag.isBare || data.test(text.slice(tag.end, tag.end + maxBlanks))))
    add(contentAt(text, tag, scanning), own, tag.name);
  if (!tag.hasContent || !nameElements.has(tag.name.toLowerCase())) return;
  const inside = contentAt(text, tag, scanning);
  if (inside === undefined || inside.end - inside.start > 64) return;
  const name = text.slice(inside.start, inside.end);
  const rule = scanning.nameRule(name);
  if (rule === undefined) return;
  nextContent.lastIndex = inside.end;
  if (nextContent.test(text) && nextContent.lastIndex < inside.end + maxBetweenChars)
    add(contentFrom(text, nextContent.lastIndex, scanning), rule, name);
}

/** The hidden name among the attributes; a field of type `password` is one whatever its name, and has no content. */
function nameIn(
  text: string,
  { attributes }: Tag,
  { nameRule }: Scanning,
): { name: string; rule: string; hasContent: boolean } | undefined {
  for (const { name, value } of attributes) {
    const said = text.slice(value.start, value.end);
    if (name === 'type' && said.toLowerCase() === 'password') return { name: said, rule: 'password', hasContent: false };
    const rule = nameAttributes.has(name) ? nameRule(said) : undefined;
    if (rule !== undefined) return { name: said, rule, hasContent: true };
  }
  return undefined;
}

const contentAt = (text: string, { end, hasContent }: Tag, scanning: Scanning): Value | undefined =>
  hasContent ? contentFrom(text, end, scanning) : undefined;

/** The text up to the tag that closes its element; one without such a tag is content only where the text was cut. */
function contentFrom(text: string, at: number, { cut }: Scanning): Value | undefined {
  content.lastIndex = at;
  const found = content.exec(text);
  if (found?.[2] !== undefined && !cut && content.lastIndex === text.length) return undefined;
  const [start, end] = found?.indices?.[1] ?? found?.indices?.[2] ?? [0, 0];
  const length = text.slice(start, Math.min(end, start + maxContentChars)).trimEnd().length;
  return length === 0 ? undefined : { start, end: start + length };
}

/** Text for people, and what only stands for a value. */
function isHarmless(value: string, rule: string, name: string, { nameRule }: Scanning): boolean {
  const bare = value.trim();
  if (bare === '' || isPlaceholder(bare) || plainWords.has(bare.toLowerCase())) return true;
  if (bare.toLowerCase() === name.toLowerCase() || (!/\d/.test(bare) && nameRule(bare) === rule)) return true;
  return /^[@#$%]?\{|^<%/.test(bare) || label.test(bare);
}
