import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { createLog } from '../../src/lib/log.ts';
import { onCheckout, startAgent } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { until } from '../helpers/program.ts';
import { recording, stopRecording } from './recording.ts';

const clientTrace = '0af7651916cd43dd8448eb211c80319c';
const clientSpan = 'b7ad6b7169203331';
const traceparent = `00-${clientTrace}-${clientSpan}-01`;
const other = '00-11111111111111111111111111111111-2222222222222222-01';

let bridge: TestBridge;
let agent: SimulatedAgent;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  const log = createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) });
  bridge = await startBridge({}, undefined, { log });
  agent = await startAgent(bridge);
}, 90_000);

afterAll(async () => {
  await agent?.stop();
  await bridge?.close();
});

afterEach(stopRecording);

interface Result {
  _meta: Record<string, unknown>;
  structuredContent: Record<string, unknown> & { actionId: string };
}

/** One `tools/call` as a POST of its own. */
async function call(name: string, args: object, sent: { meta?: object; headers?: Record<string, string> } = {}): Promise<Result> {
  const response = await fetch(bridge.mcpUrl, {
    method: 'POST',
    headers: {
      ...{ Authorization: `Bearer ${bridge.fullKey}`, 'Content-Type': 'application/json', Accept: '*/*' },
      ...sent.headers,
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 7, method: 'tools/call' },
      params: { name, arguments: args, ...(sent.meta === undefined ? {} : { _meta: sent.meta }) },
    }),
  });
  const text = await response.text();
  const data = text.split('\n').findLast((line) => line.startsWith('data: ')) ?? `data: ${text}`;
  return (JSON.parse(data.slice(6)) as { result: Result }).result;
}

/** What the agent was asked, as it holds it. */
const askedOf = (id: string) => agent.probes.states.get(id)?.action;
const children = (spans: ReadableSpan[], parent: ReadableSpan) =>
  spans.filter((span) => span.parentSpanContext?.spanId === parent.spanContext().spanId);

describe('a tool call, where somebody records spans', () => {
  it('is a span in the trace of the message, with its parts below it and the statements below these', async () => {
    const { spans, named } = recording();
    const asked = call('take_snapshot', { ...onCheckout, waitSeconds: 20 }, { meta: { traceparent } });
    await until('it is armed', () => agent.probes.armed === 1 || undefined);
    agent.pass();
    const { _meta, structuredContent } = await asked;
    const span = named('tools/call take_snapshot');
    expect(span.spanContext().traceId).toBe(clientTrace);
    expect(span.parentSpanContext).toMatchObject({ spanId: clientSpan, isRemote: true });
    expect(span.attributes).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'take_snapshot',
      'jsonrpc.request.id': '7',
      'sidelight.request.id': structuredContent.requestId,
    });
    expect(_meta['sidelight/traceId']).toBe(clientTrace);
    const parts = children(spans(), span).map(({ name }) => name);
    expect(parts).toEqual(expect.arrayContaining(['authorize', 'charge', 'resolve', 'place', 'wait', 'redact']));
    expect(children(spans(), named('place')).map(({ name }) => name)).toContain('transaction');
    expect(JSON.stringify(spans().map(({ attributes }) => attributes))).not.toMatch(/price|checkout\.ts|slk_/);
  });

  it('tells its agent where it belongs, and the hit that comes is linked to it', async () => {
    const { named } = recording();
    const { structuredContent } = await call('take_snapshot', { ...onCheckout, waitSeconds: 0 }, { headers: { traceparent } });
    const { actionId } = structuredContent;
    const span = named('tools/call take_snapshot').spanContext();
    expect(askedOf(actionId)?.traceparent).toBe(`00-${clientTrace}-${span.spanId}-01`);
    agent.pass();
    const hit = await until('the hit is in', () => {
      try {
        return named('receive hit');
      } catch {
        return undefined;
      }
    });
    expect(hit.links.map((link) => link.context)).toMatchObject([{ traceId: clientTrace, spanId: span.spanId }]);
    expect(hit.spanContext().traceId, 'a hit is a trace of its own').not.toBe(clientTrace);
    expect(hit.attributes['sidelight.action.id']).toBe(actionId);
  });

  it('believes the message before the request that carried it, and takes the request where the message says nothing', async () => {
    const { spans } = recording();
    await call('get_status', {}, { meta: { traceparent }, headers: { traceparent: other } });
    await call('get_status', {}, { meta: { progressToken: 1 }, headers: { traceparent: other } });
    await call('get_status', {}, { meta: { traceparent: 'nonsense' } });
    const [first, second, third] = spans().filter(({ name }) => name === 'tools/call get_status');
    expect(first?.spanContext().traceId).toBe(clientTrace);
    expect(second?.spanContext().traceId).toBe('1'.repeat(32));
    expect(third?.parentSpanContext).toBeUndefined();
  });

  it('says with which code it was refused, and is an error only where the bridge is at fault', async () => {
    const { named } = recording();
    await call('take_snapshot', { ...onCheckout, line: 'nowhere' });
    const span = named('tools/call take_snapshot');
    expect(span.attributes).toMatchObject({ 'error.type': 'tool_error', 'sidelight.refusal.code': 'invalid_input' });
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('has no name that a caller made up', async () => {
    const { spans } = recording();
    await call(`no_tool_${'x'.repeat(100)}`, {});
    expect(spans().map(({ name }) => name)).toContain('tools/call other');
  });

  it('through the HTTP API answers with the trace it is in', async () => {
    const { named } = recording();
    const response = await fetch(new URL('/api/v1/status', bridge.url), {
      headers: { Authorization: `Bearer ${bridge.fullKey}`, traceparent },
    });
    const { spanId } = named('execute_tool get_status').spanContext();
    expect(response.headers.get('traceresponse')).toBe(`00-${clientTrace}-${spanId}-01`);
  });
});

describe('a tool call, where nobody records spans', () => {
  it('passes the trace of the client on as it came, to its answer, its agent and the log', async () => {
    lines.length = 0;
    const { _meta, structuredContent } = await call(
      'take_snapshot',
      { ...onCheckout, waitSeconds: 0 },
      { meta: { traceparent } },
    );
    expect(_meta['sidelight/traceId']).toBe(clientTrace);
    expect(askedOf(structuredContent.actionId)?.traceparent).toBe(traceparent);
    expect(lines.find(({ msg }) => msg === 'call ended')).toMatchObject({ traceId: clientTrace, tool: 'take_snapshot' });
    await call('cancel_actions', { actionIds: [structuredContent.actionId] });
  });

  it('is in no trace when the client is in none', async () => {
    const { _meta, structuredContent } = await call('take_snapshot', { ...onCheckout, waitSeconds: 0 });
    expect(_meta).not.toHaveProperty('sidelight/traceId');
    expect(askedOf(structuredContent.actionId)).not.toHaveProperty('traceparent');
    await call('cancel_actions', { actionIds: [structuredContent.actionId] });
  });
});
