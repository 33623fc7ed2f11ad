import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { sidelight } from './sidelight.ts';

const shipped = fileURLToPath(new URL('../../policies', import.meta.url));

describe.skipIf(!hasPostgres)('sidelight policy, where two bridges are on one database', () => {
  let home: string;
  let world: World;
  const bridges: TestBridge[] = [];
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'sidelight-policy-others-'));
    world = await postgresWorld();
    for (const name of ['one', 'two']) {
      await cp(shipped, join(home, `${name}-policies`), { recursive: true });
      const policies = { policies: join(home, `${name}-policies`), 'secret-file': join(home, 'secret') };
      await writeFile(join(home, 'secret'), 'a-secret-of-at-least-forty-three-characters-1');
      bridges.push(await startBridge({ data: join(home, name), 'database-url': world.url ?? '', ...policies }));
    }
  }, 60_000);
  afterAll(async () => {
    await Promise.all(bridges.map((bridge) => bridge.close()));
    await world.close();
    await rm(home, { recursive: true, force: true });
  });

  async function makeStrict(name: string): Promise<void> {
    const file = join(home, `${name}-policies`, 'redaction.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('\nprofile: debug', '\nprofile: strict'));
  }
  const reload = () => sidelight('policy', 'reload', '--data', join(home, 'one'));

  it('tells when another one goes on deciding by other policies, and when both have taken them', async () => {
    const before = bridges[1]?.policies.status().hash;
    await makeStrict('one');
    const apart = await reload();
    expect(apart.code).toBe(1);
    expect(apart.stdout).toContain('Other bridges on this database: 1; 0 decide by the same policies.');
    expect(apart.stdout).toContain(`decides by others: ${before}.`);
    expect(apart.stdout).toContain('--event policy_refused');
    await makeStrict('two');
    const together = await reload();
    expect(together.stdout).toContain('Other bridges on this database: 1; 1 decide by the same policies.');
    expect(together.code).toBe(0);
  }, 60_000);
});
