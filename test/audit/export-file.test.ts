import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFile, exportLine, fileSource, signedWith, signTrailer } from '../../src/audit/export-file.ts';
import { createSeal } from '../../src/audit/seal.ts';
import { verifyTrail } from '../../src/audit/verify.ts';
import { createSecrets } from '../../src/identity/secrets.ts';
import { refusalOf } from '../authorization/world.ts';
import { engines, type World } from '../storage/engines.ts';
import { t0 } from '../storage/fixtures.ts';
import { type Node, nodeOver } from './world.ts';

const everything = [0, Number.MAX_SAFE_INTEGER] as const;

describe.each(engines)('an export of chains over $engine', ({ open }) => {
  let world: World;
  let one: Node;
  let two: Node;
  let path: string;
  let lines: string[];
  let directory: string;

  beforeAll(async () => {
    world = await open();
    directory = await mkdtemp(join(tmpdir(), 'sidelight-export-'));
    [one, two] = [nodeOver(world.db), nodeOver(world.second)];
    await one.write(3, { at: t0 - 10 });
    await two.write(2, { client: 'a\u2028b\r\n"c' });
    await one.write(4, { subject: 'key:é', refusals: { unsupported_tool: 2 } });
    await two.write(2, { at: t0 + 10 });
    path = join(directory, 'all.jsonl');
    await write(path, await exported(...everything));
    lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  });
  afterAll(async () => {
    await world.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** The lines of what lies between two instants, page by page. */
  async function exported(since: number, until: number): Promise<string[]> {
    const range = await one.audit.range(since, until);
    const found: string[] = [];
    for (let first = range?.first ?? 1; range !== undefined && first <= range.last; ) {
      const rows = await one.audit.exportPage(first, range.last, 4);
      found.push(...rows.map(exportLine));
      first = (rows.at(-1)?.position ?? range.last) + 1;
    }
    return found;
  }

  async function write(to: string, some: string[]): Promise<void> {
    const text = some.join('');
    const sha256 = createHash('sha256').update(text).digest('hex');
    await writeFile(to, `${text}${JSON.stringify(signTrailer(one.seal, { lines: some.length, sha256, at: t0 }))}\n`);
  }

  /** The file with other lines: what its trailer says of it, and what is wrong with its chains. */
  async function checked(some: string[]) {
    const altered = join(directory, 'altered.jsonl');
    await writeFile(altered, `${some.join('\n')}\n`);
    const { trailer } = await checkFile(altered, one.seal.isSigned);
    const chains = await verifyTrail(one.seal, fileSource(altered));
    return {
      trailer,
      found: chains.flatMap(({ node, finding }) => finding && [[node, finding.kind, finding.seq]]).filter(Boolean),
    };
  }

  it('holds every record with its place, and can be checked without a database', async () => {
    expect(lines).toHaveLength(12);
    expect(await checkFile(path, one.seal.isSigned)).toEqual({ lines: 11, trailer: 'right' });
    expect(await verifyTrail(one.seal, fileSource(path))).toEqual([
      { node: one.node, records: 7, first: 1, last: 7, checkpoints: 0, unsigned: 7 },
      { node: two.node, records: 4, first: 1, last: 4, checkpoints: 0, unsigned: 4 },
    ]);
  });

  it('of some hours begins where the chains were by then', async () => {
    const some = join(directory, 'some.jsonl');
    await write(some, await exported(t0, t0 + 1));
    expect(await verifyTrail(one.seal, fileSource(some))).toMatchObject([
      { node: one.node, first: 4, last: 7 },
      { node: two.node, first: 1, last: 2 },
    ]);
    expect(await exported(t0 + 11, t0 + 12)).toEqual([]);
  });

  it('is right for whoever has the public key alone, and for no other key', async () => {
    expect(await checkFile(path, signedWith(one.seal.publicKey))).toMatchObject({ trailer: 'right' });
    const stranger = createSeal({ node: '', secrets: createSecrets(Buffer.alloc(32, 9)) });
    expect(await checkFile(path, signedWith(stranger.publicKey))).toMatchObject({ trailer: 'foreign' });
    expect(await refusalOf(() => signedWith('no key'))).toMatchObject({ code: 'invalid_input' });
  });

  const cases: { what: string; change(given: string[]): string[]; trailer: string; found(): unknown[] }[] = [
    {
      what: 'a line is edited',
      change: (given) => given.map((line, at) => (at === 5 ? line.replace('key:é', 'key:e') : line)),
      trailer: 'altered',
      found: () => [[one.node, 'edited', 4]],
    },
    {
      what: 'a line is deleted',
      change: (given) => given.filter((_, at) => at !== 6),
      trailer: 'altered',
      found: () => [[one.node, 'deleted', 5]],
    },
    {
      what: 'two lines change places',
      change: (given) => [...given.slice(0, 5), given[7] ?? '', given[6] ?? '', given[5] ?? '', ...given.slice(8)],
      trailer: 'altered',
      found: () => [[one.node, 'reordered', 4]],
    },
    {
      what: 'a line is repeated',
      change: (given) => [...given.slice(0, 6), given[5] ?? '', ...given.slice(6)],
      trailer: 'altered',
      found: () => [[one.node, 'inserted', 5]],
    },
    {
      what: 'the end is cut off with its trailer',
      change: (given) => given.slice(0, 8),
      trailer: 'missing',
      found: () => [],
    },
    {
      what: 'the last record is cut out before the trailer',
      change: (given) => given.filter((_, at) => at !== 10),
      trailer: 'altered',
      found: () => [],
    },
  ];

  it.each(cases)('shows when $what', async ({ change, trailer, found }) => {
    expect(await checked(change(lines))).toEqual({ trailer, found: found() });
  });

  it('refuses a file that is none, with the line', async () => {
    const other = join(directory, 'other.jsonl');
    await writeFile(other, `${lines[0]}\nhello\n`);
    const refusal = await refusalOf(() => verifyTrail(one.seal, fileSource(other)));
    expect(refusal.message).toContain('Line 2 of');
  });
});
