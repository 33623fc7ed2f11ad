import { expect, it } from 'vitest';
import { explain } from '../../src/authorization/explain.ts';
import { policiesWith, principal } from './world.ts';

it('tells every check with its outcome and ends with the decision', async () => {
  const reader = principal({ scopes: ['runtime:read'] });
  const lines = explain(await policiesWith({}), reader, 'take_snapshot', { pool: 'default', service: 'checkout' });
  expect(lines.join('\n')).toBe(`take_snapshot on service checkout in pool default
as developer (API key)
  scopes       runtime:read
  permissions  dev_api
  groups       everyone
  ✓ exposure   this deployment exposes it
  ✓ role       role developer has it
  ✗ credential insufficient_scope: This API key lacks the scope runtime:capture, which take_snapshot needs. Use a key that may: sidelight keys create --name NAME --role developer --scopes runtime:read,runtime:capture --permissions dev_api
  ✓ reach      group everyone reaches checkout in pool default
refused: insufficient_scope`);
});

it('says allowed when every check passes', async () => {
  expect(explain(await policiesWith({}), principal(), 'take_snapshot').at(-1)).toBe('allowed');
});
