import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { openApi } from '../../src/api/openapi.ts';
import { routes } from '../../src/api/routes.ts';
import { allTools } from '../../src/tools/all.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { version } from '../../src/version.ts';
import { answerOf, inApi } from './world.ts';

const { listed, names } = createRegistry(allTools);
const document = openApi(listed, version);

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document) as Record<string, unknown>)).toMatchObject({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('is served without a key', () =>
    inApi(answerOf, async ({ send }) => {
      const response = await send('/api/v1/openapi.json', { headers: { Authorization: '' } });
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApi(listed, '1.2.3'))));
    }));

  it('has an operation for every tool, each under a name of its own', () => {
    expect([...new Set(routes.map(({ tool }) => tool))].sort()).toEqual(names);
    expect(new Set(routes.map(({ operation }) => operation)).size).toBe(routes.length);
    expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length);
  });

  it('has the operations that docs/http-api.md lists', async () => {
    const page = await readFile(new URL('../../docs/http-api.md', import.meta.url), 'utf8');
    const told = page.split('\n').flatMap((line) => {
      const [, tool, operations] = /^\| `(\w+)` \| (.+) \|$/.exec(line) ?? [];
      return [...(operations ?? '').matchAll(/`(\w+) (\S+)`/g)].map(([, method, path]) => ({ tool, method, path }));
    });
    const there = routes.map(({ tool, method, path }) => ({ tool, method, path }));
    expect(new Set(told.map((one) => JSON.stringify(one)))).toEqual(new Set(there.map((one) => JSON.stringify(one))));
  });

  it('cannot be made while a tool is missing', () => {
    const without = listed.filter(({ name }) => name !== 'locate');
    expect(() => openApi(without, version)).toThrow(/POST \/api\/v1\/locate .* locate/);
  });

  it('shows an example for every body, and says which arguments wait', () => {
    const { paths } = document as { paths: Record<string, { post?: PostOperation }> };
    const posts = Object.entries(paths).flatMap(([path, { post }]) => (post === undefined ? [] : [{ path, post }]));
    expect(posts.length).toBeGreaterThan(5);
    for (const { path, post } of posts) {
      const { schema, example } = post.requestBody.content['application/json'];
      expect(
        Object.keys(example).filter((name) => !(name in schema.properties)),
        path,
      ).toEqual([]);
      expect(post.description, path).not.toContain('Example:');
    }
    const { waitSeconds } = paths['/snapshots']?.post?.requestBody.content['application/json'].schema.properties ?? {};
    expect(waitSeconds).toMatchObject({ default: 0, description: expect.stringContaining('at once') });
  });
});

interface PostOperation {
  description: string;
  requestBody: {
    content: { 'application/json': { schema: { properties: Record<string, object> }; example: Record<string, unknown> } };
  };
}
