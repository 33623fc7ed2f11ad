import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { openWorld, until, type World } from '../hub/world.ts';

const main = fileURLToPath(new URL('../../agents-sim/main.ts', import.meta.url));
let world: World;
afterEach(() => world.end());

function run(...given: string[]): { said: () => string; ended: Promise<number | null>; stop: () => void } {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...given], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => {
      said += part;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { said: () => said, ended, stop: () => child.kill('SIGTERM') };
}

it('starts a fleet, prints its seed, and goes on SIGTERM', async () => {
  world = await openWorld();
  const fleet = run('--url', world.url, '--key', 'any', '--scenario', 'fleet', '--count', '12', '--seed', '5');
  await until('all connected', () => world.hub.agents('acme').length === 12);
  await until('it says so', () => fleet.said().includes('12 connected'));
  expect(fleet.said()).toContain('fleet: 12 agents, seed 5');
  fleet.stop();
  expect(await fleet.ended).toBe(0);
  await until('all gone', () => world.hub.agents('acme').length === 0);
});

it('says why nobody could connect, and what it does not know', async () => {
  world = await openWorld();
  const refused = run('--url', world.url, '--key', 'nobody');
  expect(await refused.ended).toBe(1);
  expect(refused.said()).toContain('401 The enrolment key is unknown.');
  const unknown = run('--url', world.url, '--key', 'any', '--scenario', 'toString');
  expect(await unknown.ended).toBe(2);
  expect(unknown.said()).toContain('There is no scenario toString.');
  const usage = run();
  expect(await usage.ended).toBe(2);
  expect(usage.said()).toContain('--scenario NAME');
});
