import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Action, AgentPolicy, Engine, HitFrame, StateFrame } from '../../src/protocol/frames.ts';
import { buildAgent } from '../agent/built-agent.ts';
import { type FakeConnection, framesOf, startFakeBridge } from '../agent/fake-bridge.ts';
import { nodes } from '../agent/nodes.ts';
import { type RunningProgram, runProgram } from '../agent/run-program.ts';
import { until } from '../agent/until.ts';

// Published programs nobody here wrote a line of, with every kind of probe in their own code, by every engine: they answer as ever.

const packages = fileURLToPath(new URL('../../node_modules/', import.meta.url));

interface Published {
  name: string;
  is: string;
  /** Arguments that start it on a free port of loopback, with a folder of files. */
  args(folder: string): string[];
  /** File of its own code that is looked into, and its kind. */
  file: string;
  isModule: boolean;
  /** Text of the line with the probes, and of the lines a duration is between. */
  line: string;
  from: string;
  to: string;
  /** Expressions there, with what they are at the request of `/hello.txt`. */
  expressions: [expression: string, value: unknown][];
  number: string;
}

const published: Published[] = [
  {
    ...{ name: 'st', is: 'ES modules', isModule: true, file: 'st/st.js' },
    args: (folder) => [`${packages}st/bin/server.js`, '-p', '0', '-H', '127.0.0.1', '-d', folder],
    line: 'const rel = path.relative(this.path, p)',
    from: "const p = path.resolve(this.path, '.' + u)",
    to: "if (rel === '..' || rel.indexOf('..' + path.sep) === 0 || path.isAbsolute(rel)) {",
    expressions: [['u', '/hello.txt']],
    number: 'p.length',
  },
  {
    ...{ name: 'micro', is: 'CommonJS', isModule: false, file: 'micro/lib/index.js' },
    args: (folder) => [join(folder, 'service.cjs')],
    line: "res.setHeader('Content-Length', Buffer.byteLength(str));",
    from: 'res.statusCode = code;',
    to: 'res.end(str);',
    expressions: [
      ['code', 200],
      ['obj', { $: 'object' }],
    ],
    number: 'str.length',
  },
  {
    ...{ name: 'srvx', is: 'a bundle made from TypeScript', isModule: true, file: 'srvx/dist/static.mjs' },
    args: (folder) => [
      ...[`${packages}srvx/bin/srvx.mjs`, 'serve', '--prod', '--host', '127.0.0.1', '--port', '0'],
      ...['--static', folder],
    ],
    line: 'etagValue = computeETag(file.size, file.mtimeMs, encoding);',
    from: 'if (!await statFile(filePath)) continue;',
    to: 'etagValue = computeETag(file.size, file.mtimeMs, encoding);',
    expressions: [
      ['candidate', 'hello.txt'],
      ['file.size', 5],
    ],
    number: 'file.size',
  },
];

/** Its own command answers nothing in this version. */
const service = `
  const server = require(${JSON.stringify(`${packages}micro`)})(async ({ url }) => ({ url, at: 'micro' }));
  server.listen(0, '127.0.0.1', () => console.log('on port ' + server.address().port));
`;

/** Live edit takes long on a busy machine. */
const policy: AgentPolicy = {
  ...{ names: { hidden: {}, harmlessEndings: [], harmlessBeginnings: [] }, pause: false },
  budget: { share: 0.1, armMs: 2_000 },
};

let agent: string;
const started: RunningProgram[] = [];
let folder: string;

beforeAll(async () => {
  agent = await buildAgent();
  folder = await mkdtemp(join(tmpdir(), 'sidelight-published-'));
  for (const name of ['hello.txt', 'other.txt']) await writeFile(join(folder, name), name.slice(0, 5));
  await writeFile(join(folder, 'service.cjs'), service);
});
afterAll(async () => {
  for (const directory of [agent, folder]) await rm(directory, { recursive: true, force: true });
});

/** Whoever did not end. */
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

/** What its callers and its operator see of a run. */
interface Seen {
  answers: unknown[];
  stdout: string;
  stderr: string;
  ended: unknown;
}

/** Over a connection of its own, or a program that ends waits for it. */
function ask(url: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = get(`${url}${path}`, { agent: false, headers: { Accept: 'text/plain' } }, async (response) => {
      const headers = ['content-type', 'content-length', 'etag', 'last-modified'].map((name) => response.headers[name]);
      let text = '';
      for await (const chunk of response) text += String(chunk);
      resolve({ path, status: response.statusCode, headers, text });
    });
    asked.on('error', reject);
  });
}

describe.each(nodes())('on Node $major', ({ major, execPath: node }) => {
  /** Runs it; `armed` looks into it while it is asked. */
  async function run(
    { name, args }: Published,
    settings: Record<string, string>,
    armed?: (again: () => Promise<unknown>) => Promise<void>,
  ): Promise<Seen> {
    const own = armed === undefined ? [] : ['--import', pathToFileURL(join(agent, 'register.js')).href];
    const running = runProgram(node, [...own, ...args(folder)], { ...settings, NO_COLOR: '1' }, folder);
    started.push(running);
    try {
      const port = await until(() => /(?:127\.0\.0\.1:|on port )(\d+)/.exec(running.stdout())?.[1], `${name} to listen`);
      const url = `http://127.0.0.1:${port}`;
      const answers: unknown[] = [];
      // The first answer fills caches.
      for (const path of ['/hello.txt', '/other.txt', '/none', '/hello.txt']) answers.push(await ask(url, path));
      await armed?.(() => ask(url, '/hello.txt'));
      for (const path of ['/hello.txt', '/other.txt', '/none', '/hello.txt']) answers.push(await ask(url, path));
      running.child.kill('SIGTERM');
      const ended = await running.ended;
      const words = (text: string): string =>
        text
          .replaceAll(port, 'PORT')
          .replace(/^\[.*\] GET .*\n/gm, '')
          .replace(/ in \S+ms|\(\d+ms\)/g, '');
      return { answers, stdout: words(running.stdout()), stderr: words(running.stderr()), ended };
    } finally {
      running.child.kill('SIGKILL');
    }
  }

  async function look(program: Published, engine: Engine): Promise<Seen> {
    const { file, line, from, to, expressions, number } = program;
    const lines = (await readFile(packages + file, 'utf8')).split('\n').map((text) => text.trim());
    const where = (text: string): Action['where'] => ({ file, line: lines.indexOf(text) + 1, expectLine: text });
    const limits = { hits: 2, depth: 3, ttlMs: 60_000 };
    const common = { rev: 1, where: where(line), expressions: [], limits };
    const actions: Action[] = [
      { ...common, id: 'act_snapshot', kind: 'snapshot', expressions: expressions.map(([expression]) => expression) },
      { ...common, id: 'act_counter', kind: 'counter' },
      { ...common, id: 'act_metric', kind: 'metric', expressions: [number] },
      {
        ...{ ...common, id: 'act_log', kind: 'logpoint', expressions: [number] },
        log: { template: `{${number}}`, level: 'info', perSecond: 100, toStdout: false },
      },
      { ...common, id: 'act_span', kind: 'duration', where: where(from), duration: { span: 'lines', to: where(to) } },
    ];
    const bridge = await startFakeBridge({ welcome: { maxSilenceMs: 8_000, policy } });
    const settings = {
      ...{ SIDELIGHT_URL: bridge.url, SIDELIGHT_KEY: 'sle_test', SIDELIGHT_ENGINES: engine },
      ...(engine === 'load-time' ? { SIDELIGHT_INSTRUMENT: `${packages}${dirname(file)}/**` } : {}),
    };
    try {
      return await run(program, settings, async (again) => {
        const connection = await bridge.connection(0);
        const last = (id: string): StateFrame | undefined => framesOf(connection, 'state').findLast((state) => state.id === id);
        for (const action of actions) connection.send({ t: 'arm', action });
        await until(() => actions.every(({ id }) => last(id) !== undefined), 'all probes');
        expect(framesOf(connection, 'state').filter(({ state }) => state === 'failed')).toEqual([]);
        for (const { id } of actions) expect(last(id)).toMatchObject({ engine: { name: engine } });
        const isDone = (): boolean =>
          framesOf(connection, 'hit').length === 4 &&
          ['act_counter', 'act_metric', 'act_span'].every((id) => (last(id)?.sums?.count ?? 0) > 1);
        const deadline = performance.now() + 15_000;
        while (!isDone() && performance.now() < deadline) {
          await again();
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        check(program, connection, last);
      });
    } finally {
      await bridge.kill();
    }
  }

  function check(
    { expressions, file }: Published,
    connection: FakeConnection,
    last: (id: string) => StateFrame | undefined,
  ): void {
    const hits = framesOf(connection, 'hit');
    const of = (id: string): HitFrame[] => hits.filter((hit) => hit.id === id);
    expect([of('act_snapshot').length, of('act_log').length]).toEqual([2, 2]);
    expect(of('act_snapshot')[0]?.capture.expressions).toMatchObject(
      expressions.map(([expression, value]) => ({ expression, value })),
    );
    expect(of('act_snapshot')[0]?.capture.stack[0]?.file).toMatch(new RegExp(`${file}$`));
    const [number] = of('act_log')[0]?.capture.expressions ?? [];
    const value = number !== undefined && 'value' in number ? number.value : Number.NaN;
    expect(last('act_metric')?.sums).toMatchObject({ values: { min: value, max: value } });
    expect(last('act_span')?.sums?.values?.min).toBeGreaterThan(0);
  }

  it.each(published)(
    '$name, $is',
    async (program) => {
      const engines: Engine[] = ['breakpoint'];
      if (major < 24) engines.push('live-edit');
      if (!program.isModule || major > 20) engines.push('load-time');
      const plain = await run(program, {});
      for (const engine of engines) expect(await look(program, engine), engine).toEqual(plain);
    },
    90_000,
  );
});
