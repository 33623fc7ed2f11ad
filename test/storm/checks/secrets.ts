import { secrets } from '../../../agents-sim/scenarios/leaky.ts';
import { must } from './violation.ts';

const planted = Object.entries(secrets).flatMap(([name, text]) => {
  const escaped = JSON.stringify(text).slice(1, -1);
  return [...new Set([text, escaped])].map((form) => ({ name, form }));
});

/** Nothing planted in a program is in what leaves it or is kept; nor is a key in what is logged or stored. */
export function checkSecrets(where: string, text: string, keys: readonly string[]): void {
  for (const { name, form } of planted)
    must(!text.includes(form), 'no secret is seen', () => `${name} in ${where}: ${around(text, form)}`);
  for (const key of keys) must(!text.includes(key), 'no key is seen', () => `in ${where}`);
}

function around(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 80), at + form.length + 40);
}
