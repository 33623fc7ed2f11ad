import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { Pass, Scenario } from '../../agents-sim/scenario.ts';
import { buildAgent } from '../agent/built-agent.ts';
import { nodes } from '../agent/nodes.ts';
import { program, runProgram } from '../agent/run-program.ts';
import { until } from '../agent/until.ts';

/** The program that every agent of the contract is in, and its text. */
export const file = 'contract.mjs';
export const source = readFileSync(program(file), 'utf8');
export const sourceLines = source.split('\n');

/** The line of the program that carries this mark, from 1. */
export function lineOf(mark: string): number {
  const index = sourceLines.findIndex((line) => line.endsWith(`// <- ${mark}`));
  if (index < 0) throw new Error(`No line of ${file} is marked ${mark}.`);
  return index + 1;
}

/** A program with an agent in it. */
export interface Subject {
  /** Runs `priceOf` so often, each for about `ms`; resolves when it is done. */
  pass(count: number, ms?: number): Promise<void>;
  /** Runs `later`, whose two lines have `ms` and an `await` between them. */
  passLater(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** One implementation of the agents' side of the protocol. */
export interface Implementation {
  name: string;
  /** `bridgeKey` is of the only bridge it obeys. Resolves when it runs. */
  start(bridgeUrl: string, bridgeKey?: string): Promise<Subject>;
}

let built: Promise<string> | undefined;

/** Removes what was built; call it when the tests are over. */
export async function removeBuilt(): Promise<void> {
  if (built !== undefined) await rm(await built, { recursive: true, force: true });
  built = undefined;
}

/** Every agent there is: the simulated one, and the Node agent on each Node. */
export function implementations(): Implementation[] {
  return [simulated, ...nodes().map(({ major, execPath }) => nodeAgent(major, execPath))];
}

const simulated: Implementation = {
  name: 'the simulated agent',
  async start(bridgeUrl, bridgeKey) {
    let made = 0;
    const scenario: Scenario = {
      service: 'contract',
      files: { [file]: source },
      next: () => passAt('price', made, 0),
    };
    const url = `${bridgeUrl.replace(/^http/, 'ws')}/agent`;
    const agent = new SimulatedAgent({
      url,
      key: 'sle_test',
      scenario,
      seed: 1,
      ...(bridgeKey === undefined ? {} : { bridgeKey }),
    });
    void agent.start();
    return {
      async pass(count, ms = 0) {
        for (let index = 0; index < count; index += 1) {
          made += 1;
          for (const mark of ['start', 'price']) agent.probes.pass(passAt(mark, made, ms));
        }
      },
      async passLater(ms) {
        for (const mark of ['before', 'behind']) agent.probes.pass({ ...passAt(mark, made, ms), function: 'later' });
      },
      stop: () => agent.stop(),
    };
  },
};

function passAt(mark: string, made: number, ms: number): Pass {
  const order = {
    ...{ id: made, price: made, quantity: 2, ms },
    ...{ password: 'hunter2-contract', note: made % 2 === 0 ? 'even' : null },
  };
  const values = mark === 'price' ? { order, total: order.price * order.quantity } : { order };
  return {
    ...{ file, line: lineOf(mark), function: 'priceOf', scopes: [{ kind: 'local', values }] },
    callers: [{ function: 'pass', file, line: lineOf('call') }],
    pauseMicros: 10,
    durationMs: ms + 0.01,
  };
}

function nodeAgent(major: number, execPath: string): Implementation {
  return {
    name: `the agent of Node ${major}`,
    async start(bridgeUrl, bridgeKey) {
      built ??= buildAgent();
      const register = pathToFileURL(join(await built, 'register.js')).href;
      const environment = { SIDELIGHT_URL: bridgeUrl, SIDELIGHT_KEY: 'sle_test', SIDELIGHT_SERVICE: 'contract' };
      const pinned: Record<string, string> = bridgeKey === undefined ? {} : { SIDELIGHT_BRIDGE_KEY: bridgeKey };
      const running = runProgram(execPath, ['--import', register, program(file)], { ...environment, ...pinned });
      await running.said('ready');
      let told = 0;
      const tell = async (order: object) => {
        told += 1;
        running.tell(JSON.stringify(order));
        const times = () => running.stdout().split('passed ').length - 1;
        await until(() => times() >= told, `pass ${told}; it said ${running.stdout()}${running.stderr()}`);
      };
      return {
        pass: (count, ms = 0) => tell({ count, ms }),
        passLater: (ms) => tell({ count: 1, ms, isLater: true }),
        async stop() {
          running.child.kill('SIGKILL');
          await running.ended;
        },
      };
    },
  };
}
