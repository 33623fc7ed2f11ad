/** HTML that is safe to send: made only by the tag `html`, which escapes whatever is put in. */
export class Html {
  readonly #text: string;

  constructor(parts: readonly string[], values: readonly Value[]) {
    this.#text = parts.reduce((text, part, index) => `${text}${escaped(values[index - 1])}${part}`);
  }

  toString(): string {
    return this.#text;
  }
}

type Value = Html | string | number | undefined | readonly Html[];

/** A piece of a page. Strings are escaped, pieces of pages are not, lists are put one after the other. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(parts, values);
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

function escaped(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map(escaped).join('');
  return String(value).replace(/[&<>"'`]/g, (sign) => entities[sign] ?? '');
}
