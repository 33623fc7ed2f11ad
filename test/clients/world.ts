import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildAgent } from '../agent/built-agent.ts';
import { startBridge } from '../helpers/bridge.ts';
import { connected, startProgram } from '../helpers/program.ts';
import { till } from './till.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the bridge, and a key that may take snapshots. */
    mcpUrl: string;
    key: string;
  }
}

/**
 * One bridge on a free loopback port for all tests of a run, and the till beside it with the agent in it; clients share a bridge, so
 * tests share this one. Gives what stops both.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const agentFolder = await buildAgent();
  const bridge = await startBridge();
  const program = startProgram({
    file: till,
    service: 'till',
    url: bridge.agentUrl,
    key: bridge.enrolKey,
    agent: join(agentFolder, 'register.js'),
  });
  const stop = async () => {
    await program.stop();
    await bridge.close();
    await rm(agentFolder, { recursive: true, force: true });
  };
  try {
    await connected(bridge, 'till');
  } catch (problem) {
    await stop();
    throw problem;
  }
  project.provide('mcpUrl', bridge.mcpUrl);
  project.provide('key', bridge.fullKey);
  return stop;
}
