import { type PGlite, parse, protocol } from '@electric-sql/pglite';

type Message = Awaited<ReturnType<PGlite['execProtocol']>>['messages'][number];

interface Prepared {
  name: string;
  parameterTypes: number[];
  shape: Message | undefined;
}

const { serialize } = protocol;

/**
 * The same engine, asked with statements that are prepared once: one way into it for each instead of five, which is most of what a statement
 * costs there.
 */
export function withPreparedStatements(pg: PGlite): PGlite {
  const known = new Map<string, Prepared>();
  const send = async (...parts: Uint8Array[]) => (await pg.execProtocol(joined(parts))).messages;

  async function prepare(sql: string): Promise<Prepared> {
    const name = `s${known.size}`;
    const messages = await send(serialize.parse({ name, text: sql }), serialize.describe({ type: 'S', name }), serialize.sync());
    const shape = messages.find((message) => message.name === 'rowDescription');
    const prepared = { name, parameterTypes: parse.parseDescribeStatementResults(messages), shape };
    known.set(sql, prepared);
    return prepared;
  }

  async function query(sql: string, parameters: unknown[] = []) {
    const { name, parameterTypes, shape } = known.get(sql) ?? (await prepare(sql));
    const values = parameters.map((value, index) => {
      if (value === null || value === undefined) return null;
      const write = pg.serializers[parameterTypes[index] ?? 0];
      return write === undefined ? String(value) : write(value);
    });
    const messages = await send(serialize.bind({ statement: name, values }), serialize.execute({}), serialize.sync());
    const [result] = parse.parseResults(shape === undefined ? messages : [shape, ...messages], pg.parsers);
    return result;
  }

  return new Proxy(pg, { get: (target, name) => (name === 'query' ? query : Reflect.get(target, name)) });
}

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
