import { expect } from 'vitest';
import type { TestClient } from '../mcp/clients.ts';

/** A place that `locate` found. */
export interface Place {
  file: string;
  line: number;
  text: string;
  function?: string;
  before: string[];
  after: string[];
}

interface Side {
  types: Record<string, number>;
  values?: { value: unknown; count: number }[];
  min?: number;
  max?: number;
}

/** What hunts read of answers, whichever tool gave them. */
export interface Found {
  recommended: { source: { service: string }; why: string };
  found: { places: Place[] }[];
  actionId: string;
  status: string;
  hitCount: number;
  bound: { function: string; text: string };
  verdict: { code: string };
  evidence: { facts: string[] }[];
  result: { count: number; min: number; max: number };
  hits: {
    at: { file: string; line: number };
    variables: Record<string, unknown>;
    expressions: { expression: string; value?: unknown }[];
    stack: { function: string }[];
  }[];
  messages: { message: string }[];
  values: { hit: number; value: unknown }[];
  groups: { a: number; b: number };
  paths: { path: string; separates: string; by: string; limit?: number; a: Side; b: Side }[];
  actions: { cancelled: boolean }[];
  error?: { code: string };
}

/** What a hunt has cost; a token is about four characters. */
export interface Cost {
  calls: number;
  /** Requests and the texts of the answers. */
  tokens: number;
  /** The same answers as structured content, for clients that read that instead. */
  structuredTokens: number;
}

const tokensOf = (characters: number) => Math.ceil(characters / 4);
const callTimeoutMs = 120_000;

/** One investigation by a scripted assistant: it knows the ticket and what the answers say. */
export class Hunt {
  readonly tools: string[] = [];
  /** Where it placed something, as `src/points.ts:31`. */
  readonly places: string[] = [];
  readonly #client: TestClient;
  readonly #ticket: string;
  #asked = 0;
  #told = 0;
  #structured = 0;

  constructor(client: TestClient, ticket: string) {
    this.#client = client;
    this.#ticket = ticket;
  }

  get cost(): Cost {
    return {
      calls: this.tools.length,
      tokens: tokensOf(this.#asked + this.#told),
      structuredTokens: tokensOf(this.#asked + this.#structured),
    };
  }

  async call(tool: string, args: Record<string, unknown> = {}): Promise<Found> {
    const { content, structuredContent } = await this.#client.call(tool, args, { timeout: callTimeoutMs });
    this.tools.push(tool);
    this.#asked += JSON.stringify({ name: tool, arguments: args }).length;
    this.#told += (content as { text: string }[]).reduce((sum, { text }) => sum + text.length, 0);
    this.#structured += JSON.stringify(structuredContent).length;
    const answer = structuredContent as Found;
    expect(answer.error, `${tool} ${JSON.stringify(args)}`).toBeUndefined();
    return answer;
  }

  /** Where something is in the source as it runs. */
  async locate(args: Record<string, unknown>): Promise<Place[]> {
    const { found } = await this.call('locate', args);
    return found[0]?.places ?? [];
  }

  /** Places an action of this hunt. */
  place(tool: string, args: Record<string, unknown> & { file: string; line: number }): Promise<Found> {
    this.places.push(`${args.file.slice(args.file.lastIndexOf('src/'))}:${args.line}`);
    return this.call(tool, { ...args, investigation: this.#ticket });
  }

  /** The paths that tell hits of an action apart. */
  compare(actionId: string, a: object, b?: object): Promise<Found> {
    return this.call('compare_hits', { a: { actionIds: [actionId], ...a }, ...(b === undefined ? {} : { b }) });
  }

  cleanUp(): Promise<Found> {
    return this.call('cancel_actions', { investigation: this.#ticket });
  }
}

/** The place whose line holds the text. */
export function placeWith(places: Place[], text: string): Place {
  const place = places.find((each) => each.text.includes(text));
  if (place === undefined) throw new Error(`No place has ${text}: ${places.map((each) => each.text).join(' | ')}`);
  return place;
}

/** The values of one side, the most frequent first. */
export const valuesOf = (side: Side | undefined): unknown[] => (side?.values ?? []).map(({ value }) => value);
