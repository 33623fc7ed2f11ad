import { describe, expect, it } from 'vitest';
import type { AgentRecord } from '../../src/targets/agent.ts';
import { recommend, summarise } from '../../src/targets/directory.ts';
import { fits } from '../../src/targets/fits.ts';
import type { SourceSelector } from '../../src/targets/source.ts';

function agent(changes: Partial<AgentRecord> = {}): AgentRecord {
  return {
    id: 'agent-0001',
    org: 'default',
    pool: 'default',
    name: 'checkout@host/1',
    service: 'checkout',
    version: '1.2.0',
    environment: 'prod',
    runtime: { language: 'javascript', name: 'node', version: '20' },
    host: 'host',
    pid: 1,
    tags: ['eu-1', 'canary'],
    mode: 'inproc',
    agentVersion: '0.1.0',
    capabilities: {
      kinds: ['snapshot'],
      where: ['line'],
      conditions: true,
      expressions: true,
      pending: true,
      sourceMaps: true,
      stops: 'none',
      maxActions: 100,
    },
    startedAt: 0,
    connected: true,
    lastSeenAt: 0,
    enrolmentKeyId: 'key',
    ...changes,
  };
}

describe('an agent is part of a source', () => {
  it.each<{ source: SourceSelector; part: boolean }>([
    { source: {}, part: true },
    { source: { service: 'checkout' }, part: true },
    { source: { service: 'Checkout' }, part: false },
    { source: { service: 'check' }, part: false },
    { source: { service: '*' }, part: false },
    { source: { environment: 'prod', version: '1.2.0' }, part: true },
    { source: { environment: 'prod', version: '1.2' }, part: false },
    { source: { tag: 'canary' }, part: true },
    { source: { tag: 'can' }, part: false },
    { source: { pool: 'other' }, part: false },
    { source: { agentIds: ['agent-0002', 'agent-0001'] }, part: true },
    { source: { agentIds: [] }, part: false },
    { source: { service: 'checkout', agentIds: ['agent-0002'] }, part: false },
    { source: { service: undefined, tag: 'eu-1' }, part: true },
  ])('$source: $part', ({ source, part }) => expect(fits(agent(), source)).toBe(part));

  it('only by what it told: without a version it fits none', () => {
    expect(fits(agent({ version: undefined }), { version: '1.2.0' })).toBe(false);
  });
});

describe('the directory', () => {
  const agents = [
    agent({ id: 'a', environment: 'staging' }),
    agent({ id: 'b', version: '1.3.0' }),
    agent({ id: 'c', pool: 'blue' }),
    agent({ id: 'd', service: 'search', environment: undefined, version: undefined }),
    agent({ id: 'e', service: 'mailer', connected: false }),
  ];

  it('sums up services, those with most connected agents first', () => {
    expect(summarise(agents)).toEqual([
      {
        service: 'checkout',
        environments: ['prod', 'staging'],
        pools: ['blue', 'default'],
        versions: ['1.2.0', '1.3.0'],
        connectedAgents: 3,
      },
      { service: 'search', environments: [], pools: ['default'], versions: [], connectedAgents: 1 },
      { service: 'mailer', environments: ['prod'], pools: ['default'], versions: ['1.2.0'], connectedAgents: 0 },
    ]);
  });

  it.each([
    { asked: undefined, source: undefined },
    { asked: 'CHECK', source: { service: 'checkout', environment: 'prod' } },
    { asked: 'search', source: { service: 'search' } },
    { asked: 'mailer', source: undefined },
    { asked: 'nothing like it', source: undefined },
  ])('recommends $source when asked for $asked', ({ asked, source }) => {
    expect(recommend(agents, asked)?.source).toEqual(source);
  });

  it('recommends the only connected service without being asked', () => {
    expect(recommend([agent(), ...agents.slice(4)], undefined)).toEqual({
      source: { service: 'checkout', environment: 'prod' },
      why: 'It is the only connected service; 1 agent connected.',
    });
  });
});
