/* Kinds of characters that runs are made of, as bits. */

export const lower = 1;
export const upper = 2;
export const digit = 4;
export const letter = lower | upper;
/** A letter that is no hexadecimal digit. */
export const beyondHex = 8;
export const underscore = 16;
export const dash = 32;
export const base64Sign = 64;

/** What runs are made of; 0 for what ends them all. */
export const kinds = new Uint8Array(128);
for (let code = 48; code <= 57; code++) kinds[code] = digit;
for (let code = 65; code <= 90; code++) kinds[code] = upper | (code > 70 ? beyondHex : 0);
for (let code = 97; code <= 122; code++) kinds[code] = lower | (code > 102 ? beyondHex : 0);
kinds[95] = underscore;
kinds[45] = dash;
kinds[43] = base64Sign;
kinds[47] = base64Sign;
