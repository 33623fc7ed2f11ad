import { pino } from 'pino';
import { expect, it } from 'vitest';
import { errorFacts } from '../../src/lib/log.ts';

it('logs of a database’s error what failed and where, but no statement, parameter or row', () => {
  const lines: string[] = [];
  const log = pino({ serializers: { err: errorFacts } }, { write: (line: string) => lines.push(line) });
  const details = {
    params: ['hunter2'],
    query: 'insert hunter2',
    detail: 'Key (hunter2)',
    where: 'hunter2',
    hint: 'hunter2',
    row: 'hunter2',
  };
  const error = Object.assign(new Error('duplicate key'), details, {
    code: '23505',
    constraint: 'hits_pkey',
    queryOptions: details,
  });
  log.error({ err: error, requestId: 'req_1' }, 'a tool call failed');
  log.error({ err: new Error('outer', { cause: error }) }, 'as its cause');
  expect(JSON.parse(lines[1] ?? '').err.cause).toEqual({
    ...{ type: 'Error', message: 'duplicate key', code: '23505', constraint: 'hits_pkey' },
  });
  expect(lines.join()).not.toContain('hunter2');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    requestId: 'req_1',
    err: {
      type: 'Error',
      message: 'duplicate key',
      stack: expect.stringContaining('log.test'),
      code: '23505',
      constraint: 'hits_pkey',
    },
  });
});
