import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { signingKey, verifierOf } from '../../src/agent/link/ed25519.ts';
import { privateKeyOf, publicHalf } from '../../src/agent/link/key-formats.ts';
import { keyShareOf } from '../../src/agent/link/key-share.ts';
import { hubDefaults } from '../../src/hub/settings.ts';
import { checkAgentFrame } from '../../src/protocol/check-agent.ts';
import { checkBridgeFrame } from '../../src/protocol/check-bridge.ts';
import { agentErrorCodes } from '../../src/protocol/frames.ts';
import { limits } from '../../src/protocol/limits.ts';
import { contexts, openSeal, sealedKinds } from '../../src/protocol/seal.ts';

const document = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

describe('docs/protocol.md', () => {
  it('shows a session in which every frame is valid', () => {
    const session = /## A session\s+```\n([\s\S]*?)```/.exec(document)?.[1] ?? '';
    const frames = session.split(/^(?=[→←])/m).filter((frame) => frame !== '');
    expect(frames.length).toBeGreaterThan(10);
    for (const text of frames) {
      const frame: unknown = JSON.parse(text.slice(1));
      const checked = text.startsWith('→') ? checkAgentFrame(frame) : checkBridgeFrame(frame);
      expect(checked, text).toEqual({ ok: true, frame });
    }
  });

  it('gives a signed frame that is right, for whoever writes another agent', () => {
    const [, publicKey = ''] = /the public key is `([\w-]+)`/.exec(document) ?? [];
    expect(publicKey).toBe(signingKey(Buffer.alloc(32, 1)).publicKey);
    const [, agentId = '', nonce = '', text = ''] =
      /^context: +sidelight\.v1 bridge⏎(.*)⏎(.*)⏎\ntext: +(.*)$/m.exec(document) ?? [];
    const opened = openSeal(text);
    expect(opened && verifierOf(publicKey)(contexts.frame(agentId, nonce) + opened.body, opened.sig)).toBe(true);
    expect(checkBridgeFrame(JSON.parse(text))).toMatchObject({ ok: true, frame: { t: 'remove' } });
    const [, ours = '', theirs = ''] = /are\n`([\w-]{43})` and `([\w-]{43})`/.exec(document) ?? [];
    const own = privateKeyOf('X25519', Buffer.alloc(32, 2));
    expect([publicHalf(own), publicHalf(privateKeyOf('X25519', Buffer.alloc(32, 3)))]).toEqual([ours, theirs]);
    const code = keyShareOf(own).coderWith(theirs, contexts.code(agentId, nonce));
    const coded = openSeal(/^(\{.*"mac":.*)$/m.exec(document)?.[1] ?? '');
    expect([coded?.body, coded?.mac]).toEqual([opened?.body, code?.(opened?.body ?? '')]);
    for (const kind of sealedKinds) expect(document).toContain(`\`${kind}\``);
  });

  it('names every error code and every state', () => {
    for (const code of agentErrorCodes) expect(document).toContain(`\`${code}\``);
    for (const code of ['auth', 'version', 'revoked', 'too-big', 'rate', 'bad-frame', 'unsupported', 'draining']) {
      expect(document).toContain(`| \`${code}\` |`);
    }
    for (const state of ['pending', 'armed', 'suspended', 'expired', 'removed', 'failed'])
      expect(document).toContain(`| \`${state}\` |`);
  });

  it('gives the ceilings that hold', () => {
    const rows: [string, string][] = [
      ['hits of an action', `${limits.minHits}–${limits.maxHits}`],
      ['nesting below a variable or expression', `${limits.maxDepth} containers`],
      ['values in a capture', '1 000'],
      ['fields of an object; elements of an array, map or set', `${limits.maxFields}; ${limits.maxElements}`],
      ['characters of a string', `${limits.maxStringChars}`],
      ['stack frames; scopes; variables of a scope', `${limits.maxStackFrames}; ${limits.maxScopes}; ${limits.maxVariables}`],
      ['life of an action', `${limits.maxTimeoutSeconds} s`],
      ['actions in one process', `${limits.maxActionsPerAgent}`],
      ['frame from an agent', `${limits.maxAgentFrameBytes / 1024} KiB`],
      ['hit frame', `${limits.maxHitBytes / 1024} KiB`],
      ['bytes of frames waiting in the bridge, of all agents', `${hubDefaults.maxBacklogBytes / 1024 / 1024} MiB`],
      ['frames not acknowledged', `${limits.maxUnackedFrames}`],
    ];
    for (const [what, ceiling] of rows) expect(document).toContain(`| ${what} | ${ceiling} |`);
    expect(limits.maxNodes).toBe(1_000);
  });
});
