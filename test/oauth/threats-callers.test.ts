import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/lib/log.ts';
import { allTools } from '../../src/tools/all.ts';
import { onCheckout, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { handClient } from './flow.ts';
import { testPeople } from './people.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

describe('threat 1, a model that obeys what it reads in a value', () => {
  let world: OAuthWorld;
  let agent: SimulatedAgent;
  beforeAll(async () => {
    world = await oauthWorld();
    agent = await startAgent(world.bridge, { passesPerSecond: 20 });
  });
  afterAll(async () => {
    await agent?.stop();
    await world?.close();
  });

  /** Whatever a model could be talked into: every tool there is, with arguments that place something where they can. */
  const wishes = allTools.map(({ name }) => ({
    name,
    args: {
      ...onCheckout,
      waitSeconds: 1,
      message: '{order.id}',
      value: 'price',
      text: 'price',
      actionIds: ['act_x'],
      all: true,
    },
  }));
  const writing = ['take_snapshot', 'add_log', 'count_hits', 'measure_duration', 'measure_value', 'cancel_actions', 'locate'];

  it.each([
    { by: 'the token of a person who consented to reading only', status: 403 },
    { by: 'a key that reads', status: 200 },
  ])('reaches no tool that writes with $by: nothing is placed, whatever it calls', async ({ by, status }) => {
    const bearer = by.startsWith('a key')
      ? world.bridge.readKey
      : (await world.client.tokens({ scope: 'runtime:read' })).access_token;
    const refused = [];
    for (const { name, args } of wishes) {
      const answer = await world.client.call(bearer, name, args);
      if (JSON.stringify(answer.body).includes('"code":"insufficient_scope"')) refused.push({ name, status: answer.status });
    }
    expect(refused.map(({ name }) => name).sort()).toEqual([...writing].sort());
    expect(new Set(refused.map((each) => each.status))).toEqual(new Set([status]));
    expect(await world.bridge.bridge.services.actions.store.live('default', Date.now())).toEqual([]);
    expect(agent.probes.armed).toBe(0);
    // The same wishes of somebody who may: they do place something, so that not placing it proves something.
    const { access_token } = await world.client.tokens();
    expect(
      (await world.client.call(access_token, 'take_snapshot', { ...onCheckout, condition: 'price < 0', waitSeconds: 1 })).status,
    ).toBe(200);
    const placed = await world.bridge.bridge.services.actions.store.live('default', Date.now());
    expect(placed).toHaveLength(1);
    const cancelled = await world.client.call(access_token, 'cancel_actions', { actionIds: [placed[0]?.id] });
    expect(cancelled.status).toBe(200);
  });
});

describe('threat 15, a line of the log that somebody else wrote', () => {
  const forged = '"}\r\n{"level":60,"msg":"FORGED"}\n\u001b[2J\u001b]0;owned\u0007\u202e\u2028';
  const lines: string[] = [];
  let bridge: TestBridge;
  beforeAll(async () => {
    const log = createLog('trace', { write: (line) => void lines.push(line) });
    bridge = await startBridge({}, systemClock, { log, signIn: testPeople() });
  });
  afterAll(() => bridge?.close());

  it('is one line of JSON, whichever way the words came in', async () => {
    const client = handClient(bridge.url.origin);
    const { body } = await client.register({ client_name: forged, software_id: forged });
    const clientId = String(body.client_id);
    const tokens = await client.redeem(await client.code(clientId, { state: forged }));
    expect(tokens.status).toBe(200);
    await client.register({ redirect_uris: [`https://evil.example.com/${forged}`] });
    for (const changes of [{ scope: forged }, { resource: forged }, { redirect_uri: forged }, { client_id: forged }])
      await fetch(client.authorizeUrl(clientId, changes).url, { redirect: 'manual' });
    await client.refresh(forged, clientId);
    await client.refresh(tokens.refresh_token, forged);
    await client.refresh(tokens.refresh_token, clientId, { grant_type: forged });
    await client.call(tokens.access_token, forged, { [forged]: forged });
    await client.call(tokens.access_token, 'list_sources', { service: forged });
    const path = encodeURIComponent(forged);
    for (const place of [`/oauth/${path}`, `/api/v1/actions/${path}`, `/${path}`, `/oauth/interaction/${path}`])
      await fetch(`${bridge.url.origin}${place}`, { headers: { 'user-agent': 'a\tb', 'x-request-id': '{"level":60}' } });
    const agent = new SimulatedAgent({
      ...{ url: bridge.agentUrl, key: bridge.enrolKey, scenario: checkout(), id: `agent${forged}`, service: forged },
      ...{ version: forged, host: forged, tags: [forged] },
    });
    const before = lines.length;
    void agent.start().catch(() => undefined); // it may be turned away
    await until('the bridge tells of the agent', () => lines.length > before || undefined);
    await agent.stop();
    await bridge.close();

    expect(lines.length).toBeGreaterThan(5);
    expect(lines.join('')).toContain('FORGED');
    for (const line of lines) {
      expect(line.endsWith('}\n'), line).toBe(true);
      // Between its quotes a line has no character that a terminal or another reader of lines could act on.
      expect(line.slice(0, -1), line).not.toMatch(/[\u0000-\u001f\u007f]/);
      const { level, msg } = JSON.parse(line) as { level: number; msg: string };
      expect({ level, msg }).not.toMatchObject({ level: 60 });
    }
  });
});
