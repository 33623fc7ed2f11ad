import { portableSchema } from '../tools/portable-schema.ts';
import { type KeyRoute, keyRoutes } from './key-routes.ts';
import { keySchemas } from './key-schemas.ts';

const group: Group = { tag: 'Keys', id: 'Id of the key; public.' };
const reference = (part: string) => ({ $ref: `#/components/${part}` });

/** The operations about keys by path and method, as the OpenAPI document has them. */
export function keyPaths(headers: object): Record<string, Record<string, object>> {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of keyRoutes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, headers, group) };
  }
  return paths;
}

/** Schemas of their answers, by name. */
export function keyAnswers(): Record<string, object> {
  return Object.fromEntries(keyRoutes.map(({ answer }) => [answerName(answer), portableSchema(keySchemas[answer], 'output')]));
}

/** What an operation without a tool behind it says of itself. */
interface Described
  extends Pick<KeyRoute, 'method' | 'path' | 'operation' | 'summary' | 'description' | 'input' | 'example' | 'creates'> {
  answer: string;
}

/** The words of a group of operations: its tag, and what an id in a path is of. */
interface Group {
  tag: string;
  id: string;
}

/** One operation, as the OpenAPI document has it. */
export function operationOf(route: Described, headers: object, { tag, id }: Group): object {
  const { properties, required = [] } = portableSchema(route.input, 'input');
  const mustHave = Array.isArray(required) ? required.map(String) : [];
  const isPost = route.method === 'POST';
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true, description: id, schema: { type: 'string' } },
  }));
  const inQuery = isPost ? [] : Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
  const parameters = [...inPath, ...inQuery];
  const body = { type: 'object', properties, ...(mustHave.length > 0 && { required: mustHave }), additionalProperties: false };
  return {
    operationId: route.operation,
    tags: [tag],
    summary: route.summary,
    description: route.description,
    ...(isPost && {
      requestBody: { required: true, content: { 'application/json': { schema: body, example: route.example } } },
    }),
    ...(parameters.length > 0 && { parameters }),
    responses: {
      [route.creates ? '201' : '200']: {
        description: route.creates ? 'The key is made; its secret is told here only.' : 'Done.',
        headers,
        content: { 'application/json': { schema: reference(`schemas/${answerName(route.answer)}`) } },
      },
      '401': reference('responses/Unauthorized'),
      '429': reference('responses/TooMany'),
      '4XX': reference('responses/Refused'),
      '5XX': reference('responses/Failed'),
    },
  };
}

/** Name of the schema of an answer: `keys` → `KeysAnswer`. */
export function answerName(answer: string): string {
  return `${answer.charAt(0).toUpperCase()}${answer.slice(1)}Answer`;
}
