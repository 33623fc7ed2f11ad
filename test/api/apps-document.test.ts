import { describe, expect, it } from 'vitest';
import { appRoutes } from '../../src/api/app-routes.ts';
import { openApi } from '../../src/api/openapi.ts';
import { allTools } from '../../src/tools/all.ts';
import { createRegistry } from '../../src/tools/registry.ts';

interface Document {
  paths: Record<string, Record<string, { operationId: string; tags: string[]; parameters?: { name: string; in: string }[] }>>;
}
const { paths } = openApi(createRegistry(allTools).listed, '1.2.3') as Document;

describe('the operations about connected apps', () => {
  it('are in the OpenAPI document, in a group of their own, with all that can be asked', () => {
    const ofApps = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { operationId, tags, parameters }]) =>
        tags.includes('Connected apps')
          ? [
              {
                path,
                method: method.toUpperCase(),
                operation: operationId,
                asked: parameters?.map((each) => `${each.in} ${each.name}`),
              },
            ]
          : [],
      ),
    );
    const asked: Record<string, string[]> = { listApps: ['query person'], disconnectApp: ['path id'] };
    expect(ofApps).toEqual(
      appRoutes.map(({ path, method, operation }) => ({ path, method, operation, asked: asked[operation] })),
    );
  });
});
