/** Sum of digits times weights; both from the left. */
export const weighted = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0);

/** Luhn's digit, ISO/IEC 7812-1 annex B. */
export function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const value = Number(digits[digits.length - 1 - at]) * (at % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

const longestDay = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether these two-digit texts can be a month and a day of it. */
export const isDay = (month: string, day: string): boolean =>
  Number(day) >= 1 && Number(day) <= (longestDay[Number(month) - 1] ?? 0);

/** Verhoeff's digit (J. Verhoeff, Error Detecting Decimal Codes, 1969): products in the dihedral group of order ten. */
export function hasVerhoeffDigit(digits: string): boolean {
  let check = 0;
  for (let at = 0; at < digits.length; at++) {
    let value = Number(digits[digits.length - 1 - at]);
    for (let turn = 0; turn < at % 8; turn++) value = Number('1576283094'[value]);
    check = dihedral(check, value);
  }
  return check === 0;
}

function dihedral(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : ((a + b - 5) % 5) + 5;
  return b < 5 ? ((a - 5 - b + 5) % 5) + 5 : (a - b + 5) % 5;
}

/** The hybrid check of ISO 7064, modulus 11 and 10. */
export function hasMod11And10Digit(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits.at(-1));
}
