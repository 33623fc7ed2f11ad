import { refusals } from '../lib/refusal.ts';
import type { JsonSchema, PortableSchema } from '../tools/portable-schema.ts';
import type { ListedTool } from '../tools/registry.ts';
import { appAnswers, appPaths } from './openapi-apps.ts';
import { keyAnswers, keyPaths } from './openapi-keys.ts';
import { apiPrefix, pathArguments, type Route, routes } from './routes.ts';

const intro = [
  'The tools of Sidelight as plain HTTP. Place an action on a line of a running program, read what it captured, take it off again.',
  'Every operation but those about keys and connected apps carries `x-sidelight-tool`: the tool it stands for, which is the word of policies, quotas, audit and of `next` in answers.',
  'An argument that is not known has no effect and is told in `ignoredArguments`.',
].join('\n\n');

const requestIdHeader = { 'X-Request-Id': { description: 'Names the request.', schema: { type: 'string' } } };
const problemContent = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

/** The OpenAPI 3.1 document, from the same schemas as the tools. Throws when a route stands on a tool that is not there. */
export function openApi(tools: readonly ListedTool[], version: string): object {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const served = routes.map((route) => {
    const tool = byName.get(route.tool);
    if (tool === undefined)
      throw new Error(`${route.method} ${apiPrefix}${route.path} stands on the tool ${route.tool}, which is not there.`);
    return { route, tool };
  });
  const paths: Record<string, Record<string, object>> = {};
  for (const { route, tool } of served) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, tool) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Sidelight', version, description: intro, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: apiPrefix, description: 'This bridge.' }],
    security: [{ key: [] }],
    paths: { ...paths, ...keyPaths(requestIdHeader), ...appPaths(requestIdHeader) },
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'A key that starts with slk_.' } },
      schemas: {
        ...Object.fromEntries(served.map(({ tool }) => [answerName(tool), tool.outputSchema])),
        ...keyAnswers(),
        ...appAnswers(),
        Problem: problemSchema,
      },
      responses: {
        Unauthorized: {
          description: 'No token, or not a good one.',
          headers: { ...requestIdHeader, 'WWW-Authenticate': { description: 'RFC 6750.', schema: { type: 'string' } } },
          content: problemContent,
        },
        TooMany: {
          description: 'A quota is spent, or too many calls wait already.',
          headers: { ...requestIdHeader, 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } },
          content: problemContent,
        },
        Refused: {
          description: 'What was asked is not done; `code` says why.',
          headers: requestIdHeader,
          content: problemContent,
        },
        Failed: { description: 'The bridge or an agent failed.', headers: requestIdHeader, content: problemContent },
      },
    },
  };
}

function operation(route: Route, tool: ListedTool): object {
  const [example] = tool.description.match(/(?<=^Example: )\{.*\}$/m) ?? [];
  const properties = propertiesOf(route, tool);
  const required = requiredOf(tool).filter((name) => Object.hasOwn(properties, name));
  return {
    operationId: route.operation,
    'x-sidelight-tool': tool.name,
    tags: [route.group],
    summary: route.summary ?? tool.title,
    description: tool.description.replace(/\n?^Example: .*$/m, ''),
    ...(route.method === 'POST'
      ? {
          requestBody: {
            required: true,
            content: {
              'application/json': {
                schema: { type: 'object', properties, ...(required.length > 0 && { required }) },
                ...(example !== undefined && { example: JSON.parse(example) }),
              },
            },
          },
        }
      : {}),
    ...parametersOf(route, tool, properties, required),
    responses: {
      [route.creates ? '201' : '200']: {
        description: route.creates ? 'The action is placed.' : 'Done.',
        headers: {
          ...requestIdHeader,
          ...(route.creates && { Location: { description: 'Where to read the action.', schema: { type: 'string' } } }),
        },
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${answerName(tool)}` } } },
      },
      '401': { $ref: '#/components/responses/Unauthorized' },
      '429': { $ref: '#/components/responses/TooMany' },
      '4XX': { $ref: '#/components/responses/Refused' },
      '5XX': { $ref: '#/components/responses/Failed' },
    },
  };
}

/** What of the tool's arguments a request may give beside its path, with the route's own defaults. */
function propertiesOf(route: Route, tool: ListedTool): JsonSchema {
  const taken = new Set([...pathArguments(route).values(), ...(route.without ?? [])]);
  const own = Object.entries(argumentsOf(tool)).filter(([name]) => !taken.has(name));
  return Object.fromEntries(
    own.map(([name, schema]) => {
      const other = route.defaults?.[name];
      return [name, other === undefined ? schema : { ...schema, description: other.meaning, default: other.value }];
    }),
  );
}

function parametersOf(route: Route, tool: ListedTool, properties: JsonSchema, required: string[]): object {
  const inPath = [...pathArguments(route)].map(([name, argument]) => {
    const schema = argumentsOf(tool)[argument] as JsonSchema;
    const one = schema.type === 'array' ? { ...(schema.items as JsonSchema), description: schema.description } : schema;
    return parameter(name, 'path', one as JsonSchema, true);
  });
  const inQuery = route.method === 'POST' ? [] : Object.entries(properties);
  const parameters = [
    ...inPath,
    ...inQuery.map(([name, schema]) => parameter(name, 'query', schema as JsonSchema, required.includes(name))),
  ];
  return parameters.length === 0 ? {} : { parameters };
}

function parameter(name: string, place: 'path' | 'query', { description, ...schema }: JsonSchema, required: boolean): object {
  if (schema.type === 'object') throw new Error(`${name} is an object, which a ${place} cannot hold.`);
  return { name, in: place, required, description, schema };
}

const argumentsOf = ({ inputSchema }: ListedTool) => inputSchema.properties as Record<string, JsonSchema>;

function requiredOf({ inputSchema }: { inputSchema: PortableSchema }): string[] {
  return Array.isArray(inputSchema.required) ? inputSchema.required.map(String) : [];
}

/** `take_snapshot` → `TakeSnapshotAnswer`. */
function answerName({ name }: ListedTool): string {
  return `${name.replace(/(?:^|_)([a-z])/g, (_all, letter: string) => letter.toUpperCase())}Answer`;
}

const text = (description: string) => ({ type: 'string', description });

const problemSchema = {
  type: 'object',
  description: 'Problem Details, RFC 9457.',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: text('Where the code is explained.'),
    title: text('What the code means.'),
    status: { type: 'integer', description: 'HTTP status.' },
    detail: text('What is wrong with this request.'),
    code: { type: 'string', enum: Object.keys(refusals), description: 'Stable.' },
    field: text('Dotted path of the argument at fault.'),
    next: text('What to do.'),
    data: { type: 'object', description: 'Facts: what is left, when it renews, what would have been possible.' },
    requestId: text('Names the request.'),
  },
};
