import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../src/lib/refusal.ts';
import { allTools } from '../src/tools/all.ts';
import { ignoredArguments, readInput } from '../src/tools/read-input.ts';
import { markedLine } from './helpers/program.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Every page people read: docs/ with its folders, and what stands beside it. */
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'examples/shop/README.md', 'bench/README.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const tools = new Map(allTools.map((tool) => [tool.name, tool]));

/** The fenced blocks of a page. */
function blocks(text: string): { language: string; code: string }[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({ language, code }));
}

/** A page without its fenced blocks. */
const prose = (text: string) => text.replace(/^```\w*\n[\s\S]*?^```$/gm, '');

/** The anchors that headings get: lower case, punctuation gone, blanks as hyphens. */
function anchors(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The JSON value that starts at the first character of a text; the rest is of no interest. */
function leadingJson(text: string): unknown {
  for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}', end + 1)) {
    try {
      return JSON.parse(text.slice(0, end + 1)) as unknown;
    } catch {
      // Not all of it yet.
    }
  }
  return undefined;
}

/** Calls of tools that a page shows, as the JSON that carries them. */
function shownCalls(text: string): { name: string; args: unknown }[] {
  return [...text.matchAll(/"name":\s*"([a-z_]+)",\s*"arguments":\s*(?=\{)/g)].map((match) => ({
    name: match[1] ?? '',
    args: leadingJson(text.slice(match.index + match[0].length)),
  }));
}

/** What a tool has against the arguments; handles are written as `act_…` in documents. */
function objections(name: string, args: unknown): string[] {
  const tool = tools.get(name);
  if (tool === undefined) return [`there is no tool ${name}`];
  if (args === undefined) return [`the arguments of ${name} are no JSON`];
  const real = JSON.parse(JSON.stringify(args).replaceAll('act_…', `act_${'A'.repeat(22)}`)) as unknown;
  try {
    readInput(tool, real);
  } catch (problem) {
    if (problem instanceof Refusal) return [`${name}: ${problem.details.message}`];
    throw problem;
  }
  return ignoredArguments(tool, real).map((argument) => `${name} has no argument ${argument}`);
}

const wrong = (rule: (page: (typeof pages)[number]) => string[]) =>
  pages.flatMap((page) => rule(page).map((what) => `${page.path}: ${what}`));

describe('the documents', () => {
  it('are read as they are: blocks, calls, links and anchors are seen', () => {
    const text = '# A `b_c`, d!\n\n```json\n{ "a": 1 }\n```\n{"name":"x","arguments":{"y":{"z":1}}} and more }';
    expect(blocks(text)).toEqual([{ language: 'json', code: '{ "a": 1 }\n' }]);
    expect(anchors(text)).toEqual(['a-b_c-d']);
    expect(shownCalls(text)).toEqual([{ name: 'x', args: { y: { z: 1 } } }]);
    expect(objections('no_tool', {})).toEqual(['there is no tool no_tool']);
    expect(objections('take_snapshot', { file: 'a.ts', line: 1, speed: 2 })).toEqual(['take_snapshot has no argument speed']);
    expect(objections('take_snapshot', { file: 'a.ts' })).toHaveLength(1);
    expect(pages.flatMap((page) => shownCalls(page.text)).length).toBeGreaterThan(2);
  });

  it('show JSON that parses', () => {
    const broken = ({ code }: { code: string }) => {
      try {
        JSON.parse(code);
        return [];
      } catch (problem) {
        return [`${String(problem)} in ${code}`];
      }
    };
    expect(
      wrong(({ text }) =>
        blocks(text)
          .filter(({ language }) => language === 'json')
          .flatMap(broken),
      ),
    ).toEqual([]);
  });

  it('call tools that exist, with arguments that they take', () => {
    expect(wrong(({ text }) => shownCalls(text).flatMap(({ name, args }) => objections(name, args)))).toEqual([]);
  });

  it('show arguments of a place in a program as take_snapshot takes them', () => {
    const places = (text: string) =>
      blocks(text)
        .filter(({ language }) => language === 'json')
        .map(({ code }) => JSON.parse(code) as object)
        .filter((value) => 'file' in value && 'line' in value);
    expect(pages.flatMap(({ text }) => places(text)).length).toBeGreaterThan(0);
    expect(wrong(({ text }) => places(text).flatMap((args) => objections('take_snapshot', args)))).toEqual([]);
  });

  it('show the line of the sample shop that is marked, so that what they show can be tried', () => {
    const marked = markedLine(join(root, 'examples/shop/src/checkout.ts'));
    const lines = (text: string) => [...text.matchAll(/"service":\s*"shop"[^}]*\},\s*"file":\s*"[^"]+",\s*"line":\s*(\d+)/g)];
    expect(pages.flatMap(({ text }) => lines(text)).length).toBeGreaterThan(1);
    const stale = (text: string) => lines(text).filter(([, line]) => Number(line) !== marked);
    expect(wrong(({ text }) => stale(text).map(([shown]) => `${shown}, which is ${marked} now`))).toEqual([]);
  });

  it('name only tools that exist', () => {
    const verbs = [...new Set([...tools.keys()].filter((name) => name.includes('_')).map((name) => name.split('_')[0]))];
    const toolLike = new RegExp(`\`((?:${verbs.join('|')})_[a-z_]+)\``, 'g');
    const named = (text: string) => [...prose(text).matchAll(toolLike)].map(([, name = '']) => name);
    expect(pages.flatMap(({ text }) => named(text)).length).toBeGreaterThan(20);
    // What a release had is history there.
    expect(wrong(({ path, text }) => (path === 'CHANGELOG.md' ? [] : named(text).filter((name) => !tools.has(name))))).toEqual(
      [],
    );
  });

  it('link to files and headings that exist', () => {
    const links = (text: string) => [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const dead = ({ path, text }: (typeof pages)[number]) =>
      links(text)
        .filter((target) => !/^[a-z]+:/.test(target))
        .filter((target) => {
          const [file = '', anchor] = target.split('#');
          const found = file === '' ? join(root, path) : join(root, dirname(path), file);
          if (!existsSync(found)) return true;
          return anchor !== undefined && !anchors(readFileSync(found, 'utf8')).includes(anchor);
        });
    expect(pages.flatMap(({ text }) => links(text)).length).toBeGreaterThan(50);
    expect(wrong(dead)).toEqual([]);
  });

  it('are all reached from the README', () => {
    const reached = new Set<string>();
    const follow = (path: string): void => {
      if (reached.has(path) || !existsSync(join(root, path))) return;
      reached.add(path);
      if (!path.endsWith('.md')) return;
      for (const [, target = ''] of prose(readFileSync(join(root, path), 'utf8')).matchAll(/\]\(([^)\s#]+)[^)]*\)/g))
        if (!/^[a-z]+:/.test(target)) follow(relative(root, join(root, dirname(path), target)));
    };
    follow('README.md');
    expect(pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !reached.has(path))).toEqual([]);
  });
});
