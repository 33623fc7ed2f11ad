import { expect } from 'vitest';
import type { SimulatedAgent } from '../../agents-sim/agent.ts';
import { leaky, leakyFile, leakyLine } from '../../agents-sim/scenarios/leaky.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type HandClient, handClient } from '../oauth/flow.ts';
import type { Way } from '../oauth/sdk-clients.ts';
import { type Company, startCompany } from '../oauth/sign-in/company.ts';
import { type Seat, violations } from './sign-in-browser.ts';
import { type ClientProgram, startClientProgram } from './sign-in-program.ts';
import { policiesWith, startAgent } from './world.ts';

/** A bridge whose people sign in at a company of another site, an agent with secrets in its values, and a client's own listener. */
export interface SignInWorld {
  company: Company;
  bridge: TestBridge;
  agent: SimulatedAgent;
  program: ClientProgram;
  /** A client by hand, for what no SDK sends. */
  hand: HandClient;
  close(): Promise<void>;
}

/** The client that the operator registered, by its id. */
export const knownClient = 'night-watch';

/** A snapshot of the agent's line, with values that must not be shown. */
export const onSignIn = { source: { service: 'sign-in' }, file: leakyFile, line: leakyLine, expressions: ['user.email'] };

/** Starts all of it. */
export async function signInWorld(): Promise<SignInWorld> {
  const company = await startCompany({ host: 'localhost' });
  const program = await startClientProgram();
  const clients = `clients:
  known: [{ id: ${knownClient}, name: Night Watch, redirect_uris: ['${program.redirectUri}'] }]`;
  const policies = await policiesWith({
    'identity.yaml': company.policy({ signIn: clients }),
    'groups.yaml': { everyone: { pools: ['*'], services: ['*'] }, payments: { pools: ['*'], services: ['sign-*'] } },
  });
  const bridge = await startBridge({ policies: policies.directory }, undefined, { fetch: program.fetch });
  const agent = await startAgent(bridge, { scenario: leaky(), passesPerSecond: 20 });
  return {
    ...{ company, bridge, agent, program },
    hand: handClient(bridge.url.origin),
    async close() {
      await agent.stop();
      await bridge.close();
      await policies.remove();
      program.close();
      await company.close();
    },
  };
}

/** What a person does on the consent page. */
export type Decide = (seat: Seat) => Promise<void>;

/** Presses a button of the consent page. */
export const press =
  (button: 'Allow' | 'Deny'): Decide =>
  ({ page }) =>
    page.getByRole('button', { name: button }).click();

/** Opens the authorization URL, signs in at the company where it asks, and waits for the consent page. */
export async function toConsent({ page }: Seat, url: URL): Promise<void> {
  await page.goto(url.href);
  const atCompany = page.getByRole('button', { name: 'Sign in as' });
  const allow = page.getByRole('heading', { name: 'wants to use Sidelight as you' });
  await atCompany.or(allow).waitFor();
  if (await atCompany.isVisible()) await atCompany.click();
  await allow.waitFor();
}

/** A client's way to consent: through this browser, back to the listener of the program. */
export function way(program: ClientProgram, seat: Seat, decide: Decide, more: Partial<Way> = {}): Way {
  return {
    redirectUri: program.redirectUri,
    async signIn(url) {
      const answer = program.answer();
      await toConsent(seat, url);
      await decide(seat);
      const brought = await answer;
      expect(violations(seat)).toEqual([]);
      return brought;
    },
    ...more,
  };
}
