import { describe, expect, it } from 'vitest';
import { visibleTools } from '../../src/authorization/authorize.ts';
import { allTools } from '../../src/tools/all.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { policiesWith, principal } from '../authorization/world.ts';

const { listed, names } = createRegistry(allTools);

/** About how many tokens a model spends on a text. */
const tokensOf = (text: string) => Math.ceil(text.length / 4);

/** JSON as the formatter of this repository writes it: a list of words stands on one line where it fits. */
function formatted(value: unknown): string {
  const columns = 130;
  const text = JSON.stringify(value, null, 2).replace(/^(.*)\[\n([^[\]{}]*)\n *\](,?)$/gm, (all, before, items, comma) => {
    const line = `${before}[${String(items).trim().replace(/\n */g, ' ')}]${comma}`;
    return line.length <= columns ? line : all;
  });
  return `${text}\n`;
}

describe('the contract of', () => {
  it.each(listed)('$name is the one that clients know', async (tool) => {
    await expect(formatted(tool)).toMatchFileSnapshot(`./contracts/${tool.name}.json`);
  });
});

describe('the list of tools', () => {
  it('is in the order of the names, each once', () =>
    expect(listed.map((tool) => tool.name)).toEqual([...new Set(names)].sort()));

  it.each(listed)('spends at most 500 tokens on the description of $name, and shows how to call it', ({ description }) => {
    expect(tokensOf(description)).toBeLessThanOrEqual(500);
    expect(description).toContain('Example: {');
  });

  it.each(['developer', 'company_admin'] as const)(
    'spends at most 6,000 tokens in all on what debugging asks of a %s',
    async (role) => {
      const shown = visibleTools(await policiesWith({}), principal({ role }));
      const told = listed.filter(({ name }) => shown.includes(name));
      expect(told.length).toBeGreaterThan(10);
      expect(tokensOf(JSON.stringify(told))).toBeLessThanOrEqual(6_000);
    },
  );

  it.each(listed)('states every annotation of $name, because the defaults are pessimistic', ({ annotations, title }) => {
    expect(annotations).toEqual({
      title,
      readOnlyHint: expect.any(Boolean),
      destructiveHint: expect.any(Boolean),
      idempotentHint: expect.any(Boolean),
      openWorldHint: expect.any(Boolean),
    });
  });

  it.each(allTools)('gives an example for $name that its own schema takes', ({ description, input }) => {
    const example = /^Example: (\{.*\})$/m.exec(description)?.[1] ?? '';
    expect(input.safeParse(JSON.parse(example.replace('act_…', `act_${'0'.repeat(22)}`)))).toMatchObject({ success: true });
  });
});
