import './second.mjs';

export const later = 'now it is there';
export class Later {}
export let counted = 0;

export function early(times) {
  return times + 1; // <- early
}

counted = early(counted);
