import { gate, offer } from './dead-zone.mjs';
import * as self from './dead-zone-resting.mjs';

export function look() {
  const module = self;
  return module !== stackOf; // <- here
}
function stackOf() {
  return stack + text + Later.name;
}
offer(look);
await gate;
export const stack = 'ready';
export let text = 'later';
export class Later {}
