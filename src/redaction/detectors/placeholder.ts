/** Characters that are looked at; a placeholder is short. */
const maxChars = 256;
/** Shortest text, in characters, that is judged by the share of its filling. */
const minChars = 10;
const fillingShare = 0.6;

/** What documentation and configuration write where a secret belongs: it stands for one and is none. */
export function isPlaceholder(text: string): boolean {
  if (text.length > maxChars) return false;
  return isFiller(text) || /^<[A-Za-z][A-Za-z _.:-]{0,62}>$/.test(text) || isReference(text) || isInstruction(text);
}

/** `xxxx`, `****`, `...`, `XXXX-XXXX`, `pplx-xxxxxxxxxxxx`. */
function isFiller(text: string): boolean {
  if (/^[*•xX#.…_\s-]+$/.test(text)) return true;
  if (text.length < minChars) return false;
  let filling = 0;
  for (let at = 0; at < text.length; at++) if ('xX*•#…'.includes(text[at] as string)) filling++;
  return filling >= text.length * fillingShare;
}

/** A name that the secret is read from: `$TOKEN`, `${db.password}`, `{{ .Values.token }}`, `%TOKEN%`, `$(pass show x)`, `$1`. */
function isReference(text: string): boolean {
  return /^(?:\$(?:[A-Z_][A-Z0-9_]*|\d)|\$\{[^{}]{1,100}\}|\$?\{\{[^{}]{1,100}\}\}|\$\([^()]{1,100}\)|%[A-Za-z_]\w*%)$/.test(
    text,
  );
}

/** `YOUR_API_KEY`, `your-token-here`, `ACCESS_TOKEN`. */
function isInstruction(text: string): boolean {
  return (
    /^(?:[A-Z]{1,32}_){0,8}(?:TOKEN|KEY|SECRET|PASSWORD|HERE)$/.test(text) ||
    /^(?:your|insert|put|enter|replace)(?:[ _.-][A-Za-z]{1,32}){1,8}$/i.test(text)
  );
}
