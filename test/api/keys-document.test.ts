import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { appRoutes } from '../../src/api/app-routes.ts';
import { keyRoutes } from '../../src/api/key-routes.ts';
import { openApi } from '../../src/api/openapi.ts';
import { routes } from '../../src/api/routes.ts';
import { allTools } from '../../src/tools/all.ts';
import { createRegistry } from '../../src/tools/registry.ts';

interface Document {
  paths: Record<string, Record<string, { operationId: string; requestBody?: unknown; responses: Record<string, unknown> }>>;
}
const { paths } = openApi(createRegistry(allTools).listed, '1.2.3') as Document;

describe('the operations about keys', () => {
  it('are all in the OpenAPI document, apart from those of tools', () => {
    for (const { method, path, operation, creates } of keyRoutes) {
      const described = paths[path]?.[method.toLowerCase()];
      expect(described, `${method} ${path}`).toMatchObject({ operationId: operation });
      expect(Object.keys(described?.responses ?? {})[0]).toBe(creates ? '201' : '200');
      expect(described?.requestBody !== undefined).toBe(method === 'POST');
    }
    const both = routes.filter((tool) =>
      keyRoutes.some(({ path, operation }) => path === tool.path || operation === tool.operation),
    );
    expect(both).toEqual([]);
  });

  it('are all in docs/http-api.md with those about connected apps, and nothing else is told there as one', async () => {
    const page = await readFile(new URL('../../docs/http-api.md', import.meta.url), 'utf8');
    const told = [...page.matchAll(/^\| [A-Z][^|`]*(?:`[^`]*`)?[^|`]* \| `(\w+ \S+)` \|$/gm)].map(([, operation]) => operation);
    expect(told.sort()).toEqual([...keyRoutes, ...appRoutes].map(({ method, path }) => `${method} ${path}`).sort());
  });

  it('show examples that they take', () => {
    const examples = keyRoutes.filter(({ example }) => example !== undefined);
    expect(examples.length).toBe(keyRoutes.filter(({ method }) => method === 'POST').length);
    for (const { input, example } of examples) expect(input.safeParse(example).error).toBeUndefined();
  });
});
