import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** A folder (or a file at the top of src) may import itself and what stands before it, types included. */
const order = [
  ...[
    'lib',
    'telemetry',
    'protocol',
    'agent',
    'redaction',
    'identity',
    'authorization',
    'audit',
    'quota',
    'hub',
    'targets',
    'actions',
    'hits',
    'replicas',
  ],
  ...[
    'oauth',
    'storage',
    'version',
    'settings',
    'config',
    'tools',
    'keys',
    'bridge',
    'call',
    'agents',
    'measured',
    'housekeeping',
    'http',
    'mcp',
    'api',
    'app',
    'drain',
    'gauges',
    'readiness',
  ],
  ...['control', 'orders', 'side-by-side', 'assemble', 'start', 'cli'],
];
/** Packages that the build bundles into dist, and the one file that may import them; they are no dependencies of a user. */
const bundled: Record<string, string> = { 'redact-pii': 'redaction/detectors/redact-pii.ts' };
const maxLines = 300;
const source = fileURLToPath(new URL('../src', import.meta.url));

interface File {
  /** Path below src, with `/`. */
  path: string;
  room: string;
  lines: number;
  imports: Import[];
}

interface Import {
  name: string;
  /** Gone when the program runs. */
  typeOnly: boolean;
}

const files: File[] = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(source, path), 'utf8');
    return { path: path.split(sep).join('/'), room: roomOf(path), lines: text.split('\n').length - 1, imports: importsOf(text) };
  });
const byPath = new Map(files.map((file) => [file.path, file]));

/** The first folder below src, or the name of a file that stands at the top. */
function roomOf(path: string): string {
  return (path.split(sep)[0] ?? path).replace(/\.ts$/, '');
}

/** Every module named by an import or export, types included, statically or dynamically. */
function importsOf(text: string): Import[] {
  const code = text.replace(/^\s*(?:\/?\*|\/\/).*$/gm, '');
  const statements = [
    /^\s*(?:import|export)\s[^;'"`]*?\sfrom\s+['"]([^'"]+)['"]/gm,
    /^\s*import\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ];
  return statements.flatMap((statement) =>
    [...code.matchAll(statement)].map((match) => ({
      name: match[1] ?? '',
      typeOnly: /^\s*(?:import|export)\s+type\s/.test(match[0]),
    })),
  );
}

/** Paths below src of the files it imports; `running` leaves out what is only a type. */
function localImports(file: File, running = false): string[] {
  return file.imports
    .filter(({ name, typeOnly }) => name.startsWith('.') && !(running && typeOnly))
    .map(({ name }) =>
      relative(source, join(source, dirname(file.path), name))
        .split(sep)
        .join('/'),
    );
}

/** Packages and built-in modules it imports. */
function foreignImports(file: File): string[] {
  return file.imports.map(({ name }) => name).filter((name) => !name.startsWith('.'));
}

function broken(rule: (file: File) => string[]): string[] {
  return files.flatMap((file) => rule(file).map((wrong) => `${file.path} → ${wrong}`));
}

describe('the source tree', () => {
  it('is read as it is: every kind of import is seen', () => {
    const text = `import a from './a.ts';
import type { B } from "./b.ts";
import {
  c,
} from './c.ts';
export { d } from './d.ts';
import './e.ts';
const f = await import('./f.ts');
type G = import('./g.ts').G;
// import x from './x.ts';
`;
    expect(
      importsOf(text)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.ts']);
    expect(
      importsOf(text)
        .filter(({ typeOnly }) => typeOnly)
        .map(({ name }) => name),
    ).toEqual(['./b.ts']);
    expect(files.length).toBeGreaterThan(20);
  });

  it('has only rooms that the order of imports knows', () => {
    expect([...new Set(files.map((file) => file.room))].filter((room) => !order.includes(room))).toEqual([]);
  });

  it('imports by file name with .ts, and what it imports exists', () => {
    expect(
      broken((file) => localImports(file).filter((path) => !path.endsWith('.ts') || !existsSync(join(source, path)))),
    ).toEqual([]);
  });

  it('imports one way: a room imports itself and what stands before it', () => {
    const later = (file: File) => (path: string) => order.indexOf(roomOf(path.split('/').join(sep))) > order.indexOf(file.room);
    expect(broken((file) => localImports(file).filter(later(file)))).toEqual([]);
  });

  it('has no circle of imports between files when it runs', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (path: string, trail: string[]): void => {
      if (trail.includes(path)) {
        circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
        return;
      }
      const file = byPath.get(path);
      if (file === undefined || done.has(path)) return;
      for (const next of localImports(file, true)) walk(next, [...trail, path]);
      done.add(path);
    };
    for (const { path } of files) walk(path, []);
    expect(circles).toEqual([]);
  });

  it('keeps the protocol free of everything outside itself', () => {
    expect(
      broken((file) =>
        file.room !== 'protocol'
          ? []
          : [...localImports(file).filter((path) => !path.startsWith('protocol/')), ...foreignImports(file)],
      ),
    ).toEqual([]);
  });

  it('lets the agent import node, the protocol and itself, and nothing else', () => {
    expect(
      broken((file) =>
        file.room !== 'agent'
          ? []
          : [
              ...localImports(file).filter((path) => !path.startsWith('agent/') && !path.startsWith('protocol/')),
              ...foreignImports(file).filter((name) => !name.startsWith('node:')),
            ],
      ),
    ).toEqual([]);
  });

  it('opens captures only inside redaction', () => {
    expect(
      broken((file) => (file.room === 'redaction' ? [] : localImports(file).filter((path) => path === 'redaction/open.ts'))),
    ).toEqual([]);
    expect(existsSync(join(source, 'redaction/open.ts'))).toBe(true);
  });

  it('has no drawers', () => {
    expect(
      files.map(({ path }) => path).filter((path) => /(?:^|\/)(?:utils?|helpers?|common|types|misc)(?:\.ts|\/)/.test(path)),
    ).toEqual([]);
  });

  it('has no file so long that it must have two reasons', () => {
    expect(files.filter(({ lines }) => lines > maxLines).map(({ path, lines }) => `${path}: ${lines} lines`)).toEqual([]);
  });

  it('depends only on packages that package.json names', () => {
    const packageFile = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const packageOf = (name: string) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/');
    const known = (file: File, name: string) =>
      name.startsWith('node:') ||
      packageFile.dependencies[packageOf(name)] !== undefined ||
      bundled[packageOf(name)] === file.path;
    expect(broken((file) => foreignImports(file).filter((name) => !known(file, name)))).toEqual([]);
  });
});
