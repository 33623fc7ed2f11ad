import { describe, expect, it } from 'vitest';
import { waitOf, waitsOf } from '../../src/tools/client-waits.ts';

describe('a call that says nothing', () => {
  it.each([
    ['claude-code/2.1.329', 110],
    ['claude-ai/0.1.0', 110],
    ['Visual Studio Code/1.140.0', 110],
    ['Visual-Studio-Code/1.140.0', 110],
    ['gemini-cli-mcp-client/0.61.0', 110],
    ['ai-sdk-mcp-client/1.0.0', 110],
    ['curl/8.5.0', 110],
    ['@n8n/n8n-nodes-langchain.mcpClientTool/1.2', 50],
    ['codex-mcp-client/0.154.0', 50],
    ['not-claude-code/1', 50],
    ['claude-codex/1', 50],
    [undefined, 50],
  ])('by %s waits %i s', (client, seconds) => expect(waitsOf(client, false).defaultSeconds).toBe(seconds));
});

describe('a call that asks for ten minutes', () => {
  it.each([
    ['claude-code/2.1.329', false, 600],
    ['claude-code/2.1.329', true, 600],
    // Its limit stands whether it hears progress or not.
    ['claude-ai/0.1.0', true, 230],
    ['gemini-cli-mcp-client/0.61.0', true, 570],
    ['some-client/1', true, 600],
    ['some-client/1', false, 50],
    [undefined, false, 50],
  ])('by %s (progress: %s) waits %i s at most, and says so when it is less', (client, hasProgress, seconds) => {
    const { waitMs, notes } = waitOf({ waits: waitsOf(client, hasProgress), queuedMs: 0 }, 600);
    expect(waitMs).toBe(seconds * 1_000);
    expect(notes).toEqual(
      seconds === 600 ? [] : [expect.stringMatching(new RegExp(`^This call waited ${seconds} s at most, because .+\\.$`))],
    );
  });
});

describe('what a call stood in line', () => {
  it('is taken off its wait, down to nothing', () => {
    const waits = waitsOf(undefined, false);
    expect(waitOf({ waits, queuedMs: 4_000 }, 10)).toEqual({ waitMs: 6_000, notes: [] });
    expect(waitOf({ waits, queuedMs: 20_000 }, 10).waitMs).toBe(0);
  });
});
