/** One argument of a prompt; all are text in MCP. */
export interface PromptArgument {
  name: string;
  description: string;
  required: boolean;
  maxChars: number;
  /** What else it must be, in words that follow "must be"; undefined when it is so. */
  refuse?(text: string): string | undefined;
}

/** A hunt as data: what a user gives, and what an assistant is told to do with it. */
export interface Prompt {
  name: string;
  title: string;
  description: string;
  arguments: readonly PromptArgument[];
  /** The steps, numbered later; `investigation` names all that is placed. Nothing a user gave is in them. */
  steps(investigation: string): string[];
}

export const service: PromptArgument = {
  name: 'service',
  description: 'The service it happens in, as list_sources names it.',
  required: false,
  maxChars: 200,
};

/** What every hunt does with its first answer. */
export const readHits = `Status "pending" means the line has not run yet, so wait on:
   wait_for_hits {"actionId":"act_…"}
   Without a hit ask why, and do what the verdict says:
   explain {"actionId":"act_…"}`;

/** How every hunt ends. */
export const cleanUp = (investigation: string): string => `Take off what you placed, also when you give up:
   cancel_actions {"investigation":"${investigation}"}
   Then report the cause, the values that prove it with the numbers of their hits, the line as it is deployed, and a fix. What you did not see in a hit is a guess; call it one.`;
