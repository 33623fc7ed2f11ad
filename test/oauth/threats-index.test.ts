import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** A threat of the document: its heading, and the tests that are said to show it. */
interface Threat {
  number: number;
  shown: { file: string; titles: string[] }[];
}

/** The threats of a document in its order; a line of tests begins with the file. */
function threatsOf(text: string): Threat[] {
  return text
    .split(/^### (?=\d)/m)
    .slice(1)
    .map((section) => ({
      number: Number.parseInt(section, 10),
      shown: [...section.matchAll(/^- `(test\/[^`]+)`: (.+)$/gm)].map(([, file = '', rest = '']) => ({
        file,
        titles: [...rest.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title),
      })),
    }));
}

/** What a threat names that is not there. */
function missing({ shown }: Threat): string[] {
  return shown.flatMap(({ file, titles }) => {
    if (!existsSync(join(root, file))) return [file];
    const source = read(file);
    const isThere = (title: string) => ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`));
    return titles.filter((title) => !isThere(title)).map((title) => `${file}: ${title}`);
  });
}

describe('docs/security.md', () => {
  const threats = threatsOf(read('docs/security.md'));

  it('has the 22 threats, each with a test', () => {
    expect(threats.map(({ number }) => number)).toEqual(Array.from({ length: 22 }, (_, index) => index + 1));
    for (const { number, shown } of threats) {
      expect(shown.length, `${number}`).toBeGreaterThan(0);
      for (const { file, titles } of shown) expect(titles.length, `${number} ${file}`).toBeGreaterThan(0);
    }
  });

  it('names tests that exist', () => {
    expect(threats.flatMap(missing)).toEqual([]);
  });

  it('is read so that a test that is gone would be missed', () => {
    const [threat] = threatsOf(
      '### 1. X\n\n- `test/oauth/threats-index.test.ts`: “names tests that exist” · “is gone”\n- `test/gone.test.ts`: “x”\n',
    );
    expect(threat && missing(threat)).toEqual(['test/oauth/threats-index.test.ts: is gone', 'test/gone.test.ts']);
  });
});

describe('threat 20, a package that brings something along', () => {
  interface Locked {
    version?: string;
    integrity?: string;
    resolved?: string;
    link?: boolean;
    dev?: boolean;
    hasInstallScript?: boolean;
    dependencies?: Record<string, string>;
  }
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const all = Object.entries(packages).filter(([path, { link }]) => path.startsWith('node_modules/') && link !== true);

  it('is locked by its hash, and runs nothing when it is installed', () => {
    expect(all.length).toBeGreaterThan(100);
    for (const [path, { integrity, resolved, dev, hasInstallScript }] of all) {
      expect(integrity, path).toMatch(/^sha512-/);
      // Where it comes from is for the machine that installs to say; the hash holds wherever that is.
      expect(resolved, path).toBeUndefined();
      if (dev !== true) expect(hasInstallScript ?? false, path).toBe(false);
    }
  });

  it('is oidc-provider with the three packages that were looked at, in one minor version', () => {
    expect(Object.keys(packages['node_modules/oidc-provider']?.dependencies ?? {}).sort()).toEqual(['debug', 'jose', 'koa']);
    // A minor may move the draft of client documents that it implements.
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    expect(dependencies['oidc-provider']).toMatch(/^~\d+\.\d+\.\d+$/);
  });
});
