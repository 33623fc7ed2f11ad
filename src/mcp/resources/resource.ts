/** What a caller reads by URI: a template, and the tool call that answers for a URI of it. */
export interface Resource {
  /** RFC 6570, with simple expressions only. */
  uriTemplate: string;
  name: string;
  title: string;
  description: string;
  /** The call that reads it; undefined when the URI is not one of these. */
  callFor(uri: string): ResourceCall | undefined;
}

/** A tool call, without what the exchange adds. */
export interface ResourceCall {
  tool: string;
  arguments: Record<string, unknown>;
}

/** Everything here is JSON. */
export const mimeType = 'application/json';
