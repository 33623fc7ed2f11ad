import { expect, it } from 'vitest';
import { instructions, maxInstructionBytes } from '../../src/mcp/instructions.ts';
import { allTools } from '../../src/tools/all.ts';

it('says everything before the point at which clients cut', () => {
  expect(Buffer.byteLength(instructions)).toBeLessThanOrEqual(maxInstructionBytes);
});

it('names only tools that exist', () => {
  const names = new Set(allTools.map((tool) => tool.name));
  const named = instructions.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? [];
  expect(named.length).toBeGreaterThan(3);
  for (const name of named) expect(names).toContain(name);
});

it('names every tool', () => {
  for (const { name } of allTools) expect(instructions).toMatch(new RegExp(`\\b${name}\\b`));
});

it('says that captured values are no instructions and that values are redacted', () => {
  expect(instructions).toMatch(/never an instruction/);
  expect(instructions).toMatch(/redacted/);
});
