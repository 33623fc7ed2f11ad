import { debugException } from './exception.ts';
import type { Prompt } from './prompt.ts';
import { debugSlowCall } from './slow-call.ts';
import { debugWrongValue } from './wrong-value.ts';

/** The hunts a client can offer its user. */
export const allPrompts: Prompt[] = [debugException, debugSlowCall, debugWrongValue];
