import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { connectCaller } from '../flow/world.ts';
import { startBridge } from '../helpers/bridge.ts';
import { connected, markedLine, startProgram, until } from '../helpers/program.ts';
import { recording, stopRecording } from './recording.ts';

const shop = fileURLToPath(new URL('../../examples/shop/', import.meta.url));

it('a hit of a real program is linked to the call that asked for it', async () => {
  const bridge = await startBridge();
  const program = startProgram({ file: `${shop}dist/main.js`, service: 'shop', url: bridge.agentUrl, key: bridge.enrolKey });
  const caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  const { spans, named } = recording();
  try {
    await connected(bridge, 'shop');
    const place = { file: 'src/checkout.ts', line: markedLine(`${shop}src/checkout.ts`) };
    const { structured } = await caller.call('take_snapshot', { source: { service: 'shop' }, ...place, waitSeconds: 20 });
    expect(structured).toMatchObject({ status: 'completed', hitCount: 1 });
    const hit = await until('its span has ended', () => spans().find(({ name }) => name === 'receive hit'));
    const asked = named('tools/call take_snapshot').spanContext();
    expect(hit.links.map((link) => link.context)).toMatchObject([{ traceId: asked.traceId, spanId: asked.spanId }]);
  } finally {
    stopRecording();
    await Promise.all([caller.close(), program.stop()]);
    await bridge.close();
  }
}, 90_000);
