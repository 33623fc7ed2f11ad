import { beyondBounds } from '../lib/json-bounds.ts';
import { ownTurn } from '../lib/own-turn.ts';
import { ownField } from '../protocol/check.ts';
import { checkAgentFrame } from '../protocol/check-agent.ts';
import { type AgentFrame, protocolVersion } from '../protocol/frames.ts';
import { limits } from '../protocol/limits.ts';
import type { Message } from './intake.ts';

/** What became of one message: a frame, or why it is none. `n` is its number where it has one that can be read. */
export type Received =
  | { ok: true; frame: AgentFrame }
  | { ok: false; code: 'bad-frame' | 'unsupported' | 'too-big' | 'version'; message: string; n?: number };

/** From this size on reading one takes milliseconds: the frames of many agents follow one another, and everybody else comes between. */
const largeBytes = 8 * 1024;
/** More than a capture of `limits.maxNodes` values takes in JSON. */
const bounds = { nesting: 100, values: 20_000 };
/** Bytes of frames by their kind. */
const maxBytes: Readonly<Record<string, number>> = {
  hello: limits.maxHelloBytes,
  hit: limits.maxHitBytes,
  beat: largeBytes,
  error: largeBytes,
  bye: largeBytes,
};

/** Bytes in, a checked frame out. Never rejects. */
export async function receive(message: Message): Promise<Received> {
  if (message.binary) return { ok: false, code: 'bad-frame', message: 'Frames are text.' };
  if (message.data.length > largeBytes) await ownTurn();
  const text = message.data.toString('utf8');
  if (message.data.length > largeBytes && beyondBounds(text, bounds) !== undefined)
    return {
      ok: false,
      code: 'too-big',
      message: `A frame has at most ${bounds.values} values, ${bounds.nesting} within each other.`,
    };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, code: 'bad-frame', message: 'A frame is one JSON object.' };
  }
  const t = fieldOf(value, 't');
  const n = fieldOf(value, 'n');
  const number = Number.isSafeInteger(n) && (n as number) > 0 ? { n: n as number } : {};
  if (t === 'hello' && fieldOf(value, 'v') !== protocolVersion) {
    return { ok: false, code: 'version', message: `This bridge speaks version ${protocolVersion} of the protocol.` };
  }
  const most = typeof t === 'string' && Object.hasOwn(maxBytes, t) ? maxBytes[t] : undefined;
  if (most !== undefined && message.data.length > most)
    return { ok: false, code: 'too-big', message: `A frame \`${t}\` has at most ${most} bytes.`, ...number };
  const checked = checkAgentFrame(value);
  return checked.ok ? checked : { ...checked, ...number };
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? ownField(value, field) : undefined;
}
