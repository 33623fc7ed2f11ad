import { type CheckedFromBridge, checkBridgeFrame } from '../../protocol/check-bridge.ts';
import type { BridgeTrust } from './bridge-trust.ts';

/** A frame of the bridge as it came; with `objection` it must not be obeyed. */
export function readFrame(text: string, trust: BridgeTrust): CheckedFromBridge & { objection?: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, code: 'bad-frame', message: 'A frame is one JSON object.' };
  }
  const objection = typeof value === 'object' && value !== null ? trust.objection(value, text) : undefined;
  return objection === undefined ? checkBridgeFrame(value) : { ok: false, code: 'bad-frame', message: objection, objection };
}
