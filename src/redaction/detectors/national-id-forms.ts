import { hasLuhnDigit, hasMod11And10Digit, hasVerhoeffDigit, isDay, weighted } from './national-id-checks.ts';

/** One kind of number that a state gives to a person. */
interface NationalId {
  /** Whether these characters, without separators and in capitals, are such a number. */
  isValid(compact: string): boolean;
  /** Words of which one must stand before it, where the form alone is too common. */
  words?: RegExp;
}

/** How numbers are written, and which ones are written so. */
interface Form {
  shape: string;
  ids: readonly NationalId[];
}

/** Spain, Real Decreto 1553/2005: the letter is the number modulo 23; X, Y, Z of a foreigner's count 0, 1, 2. */
const es: NationalId = {
  isValid: (id) =>
    'TRWAGMYFPDXBNJZSQVHLCKE'[Number(id.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))) % 23] ===
    id.at(-1),
};
const fiscalOdd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
/** Italy, Decreto ministeriale 23 December 1976: the last letter sums values of odd and even places. */
const it: NationalId = {
  isValid(id) {
    let sum = 0;
    for (let at = 0; at < 15; at++) {
      const code = id.charCodeAt(at);
      const value = code < 58 ? code - 48 : code - 65;
      sum += at % 2 === 0 ? (fiscalOdd[value] as number) : value;
    }
    return String.fromCharCode(65 + (sum % 26)) === id[15];
  },
};
/** Finland, Population Register: birth date and number modulo 31. */
const fi: NationalId = {
  isValid: (id) =>
    isDay(id.slice(2, 4), id.slice(0, 2)) &&
    '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(id.slice(0, 6) + id.slice(-4, -1)) % 31] === id.at(-1),
};
const brazilian = (digits: string, weights: readonly number[]): boolean => {
  const rest = weighted(digits, weights) % 11;
  return (rest < 2 ? 0 : 11 - rest) === Number(digits[weights.length]);
};
/** Brazil, Receita Federal: two check digits modulo 11. */
const cpf: NationalId = {
  isValid: (id) => brazilian(id, [10, 9, 8, 7, 6, 5, 4, 3, 2]) && brazilian(id, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]),
};
/** Brazil, Receita Federal, Instrução Normativa 2.229/2024: two check digits modulo 11; letters count 17 to 42. */
const cnpj: NationalId = {
  isValid(id) {
    const values = [...id.replace('/', '')].map((character) => character.charCodeAt(0) - 48);
    const digitBehind = (weights: readonly number[]): number => {
      const rest = weights.reduce((sum, weight, at) => sum + weight * (values[at] as number), 0) % 11;
      return rest < 2 ? 0 : 11 - rest;
    };
    const weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    return digitBehind(weights) === values[12] && digitBehind([6, ...weights]) === values[13];
  },
};
/** Australia, Services Australia: weights 1 3 7 9 modulo 10 give the ninth digit; the number of the card follows, and of the person on it. */
const medicare: NationalId = {
  isValid: (id) => /^[2-6]/.test(id) && weighted(id, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(id[8]),
};
const medicareRun: NationalId = { ...medicare, words: /medicare/i };
/** Denmark, CPR-loven: birth date and a number, since 2007 without a check digit. */
const cpr: NationalId = { isValid: (id) => isDay(id.slice(2, 4), id.slice(0, 2)), words: /\bcpr\b|personnummer/i };
/** India, UIDAI: twelve digits with Verhoeff's. */
const aadhaar: NationalId = { isValid: hasVerhoeffDigit };
/** Singapore, ICA: weighted sum modulo 11 picks a letter; T and G start at 4. */
const sg: NationalId = {
  isValid(id) {
    const rest = (weighted(id.slice(1, 8), [2, 7, 6, 5, 4, 3, 2]) + (/^[TG]/.test(id) ? 4 : 0)) % 11;
    return (/^[ST]/.test(id) ? 'JZIHGFEDCBA' : 'XWUTRQPNMLK')[rest] === id[8];
  },
};
/** China, GB 11643-1999: birth date and ISO 7064 modulo 11-2. */
const cn: NationalId = {
  isValid: (id) =>
    isDay(id.slice(10, 12), id.slice(12, 14)) &&
    '10X98765432'[weighted(id, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] === id[17],
};
/** Korea, Resident Registration Act: birth date, then a digit for century and sex. */
const kr: NationalId = { isValid: (id) => isDay(id.slice(2, 4), id.slice(4, 6)) };
/** United Kingdom, HMRC manual NIM39110: prefixes that are never given out. */
const nino: NationalId = { isValid: (id) => !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(id) };
/** Switzerland, AHVV article 133: an EAN-13 that starts with 756. */
const ch: NationalId = { isValid: (id) => weighted(id, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0 };
/** Belgium, Royal Decree of 3 April 1984: 97 less the number modulo 97, with a 2 before it for births since 2000. */
const be: NationalId = {
  isValid: (id) => ['', '2'].some((century) => 97 - (Number(century + id.slice(0, 9)) % 97) === Number(id.slice(9))),
};
/** France, INSEE: sex, year, month of birth; key is 97 less the number modulo 97. */
const fr: NationalId = {
  isValid: (id) => isDay(id.slice(3, 5), '01') && 97 - (Number(id.slice(0, 13)) % 97) === Number(id.slice(13)),
};
/** Poland, Act on population registration of 2010: weights 1 3 7 9. */
const pesel: NationalId = {
  isValid: (id) => weighted(id, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  words: /pesel/i,
};
/** Germany, § 139b AO: ISO 7064 modulus 11 and 10. */
const steuerId: NationalId = { isValid: hasMod11And10Digit, words: /steuer|tax id|tin\b|idnr/i };
/** Turkey, Law 5490: two check digits; tenth digit from odd and even places, eleventh from the sum. */
const tckn: NationalId = {
  isValid: (id) =>
    (weighted(id, [7, -1, 7, -1, 7, -1, 7, -1, 7]) + 40) % 10 === Number(id[9]) &&
    id[0] !== '0' &&
    weighted(id, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]) % 10 === Number(id[10]),
};
/** Norway, Skatteetaten: two sums modulo 11. */
const no: NationalId = {
  isValid: (id) =>
    weighted(id, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 === 0 && weighted(id, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0,
  words: /f[øo]dselsnummer|personnummer|fnr/i,
};
/** Netherlands, Wet algemene bepalingen burgerservicenummer: the eleven test. */
const bsn: NationalId = {
  isValid: (id) => weighted(id, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  words: /\bbsn\b|burgerservice|sofi/i,
};
/** Portugal, Decreto-Lei 14/2013: weights 9 to 2 modulo 11. */
const nif: NationalId = {
  isValid: (id) => ((11 - (weighted(id, [9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11) % 10 === Number(id[8]),
  words: /\bnif\b|contribuinte/i,
};
/** Australia, ATO: weighted sum modulo 11. */
const tfn: NationalId = {
  isValid: (id) => weighted(id, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  words: /\btfn\b|tax file/i,
};
/** Canada, ESDC: Luhn's digit. */
const sin: NationalId = { isValid: hasLuhnDigit, words: /\bsin\b|social insurance/i };
/** England, NHS Data Dictionary: weights 10 to 2 modulo 11. */
const nhs: NationalId = {
  isValid: (id) => (11 - (weighted(id, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(id[9]),
  words: /\bnhs\b/i,
};
/** Sweden, Skatteverket SKV 704: birth date and Luhn's digit; years since 2000 are left out, orders are numbered that way. */
const se: NationalId = {
  isValid: (id) => /^(?:19|[3-9])/.test(id) && isDay(id.slice(-8, -6), id.slice(-6, -4)) && hasLuhnDigit(id.slice(-10)),
};
/** South Africa, Identification Act 68 of 1997: birth date, citizenship and Luhn's digit. */
const za: NationalId = {
  isValid: (id) => isDay(id.slice(2, 4), id.slice(4, 6)) && /^\d{10}[0-2][89]\d$/.test(id) && hasLuhnDigit(id),
};

/** The same numbers in forms that need a word. */
const aadhaarRun: NationalId = { ...aadhaar, words: /aadhaar|uidai/i };
const krRun: NationalId = { ...kr, words: /\b[rf]rn\b|resident registration|주민/i };
/** Thailand, Department of Provincial Administration: weights 13 to 2 modulo 11. */
const th: NationalId = {
  isValid: (id) => (11 - (weighted(id, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10 === Number(id[12]),
};
const thRun: NationalId = { ...th, words: /thai|บัตร|ประชาชน/i };
/** India, Income Tax Department: five letters of which the fourth says the kind of holder, four digits, a letter. */
const pan: NationalId = { isValid: () => true, words: /\bpan\b|permanent account/i };
/** United States, IRS: starts with 9, then groups that are given out. */
const itin: NationalId = { isValid: (id) => /^(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])/.test(id.slice(3)) };
/** United States, CMS: letters and digits at fixed places, without S, L, O, I, B, Z. */
const mbi: NationalId = { isValid: () => true };
/** Germany, VKVV § 4: birth date, letter of the name as two digits, sum of digits of weighted digits. */
const rvnr: NationalId = {
  isValid(id) {
    const digits = id.slice(0, 8) + String(id.charCodeAt(8) - 64).padStart(2, '0') + id.slice(9, 11);
    const sum = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1].reduce((all, weight, at) => {
      const product = weight * Number(digits[at]);
      return all + Math.floor(product / 10) + (product % 10);
    }, 0);
    return isDay(id.slice(4, 6), id.slice(2, 4)) && sum % 10 === Number(id[11]);
  },
};
/** With dashes a Canadian number needs no word; with blanks it looks like an amount. */
const sinDashes: NationalId = { isValid: hasLuhnDigit };
const nhsGroups: NationalId = { isValid: nhs.isValid };

/** Forms by shape, the longer one first where one starts like another. */
export const forms: readonly Form[] = [
  { shape: '[A-Z]{6}\\d{2}[A-EHLMPRST]\\d{2}[A-Z]\\d{3}[A-Z]', ids: [it] },
  { shape: '[1-9]\\d{5}(?:19|20)\\d{9}[\\dX]', ids: [cn] },
  { shape: '[12] ?\\d{2} ?\\d{2} ?\\d{2} ?\\d{3} ?\\d{3} ?\\d{2}', ids: [fr] },
  { shape: '756\\.\\d{4}\\.\\d{4}\\.\\d{2}', ids: [ch] },
  { shape: '\\d{2}\\.\\d{2}\\.\\d{2}-\\d{3}\\.\\d{2}', ids: [be] },
  { shape: '\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}', ids: [cpf] },
  { shape: '[\\dA-Z]{2}\\.[\\dA-Z]{3}\\.[\\dA-Z]{3}/[\\dA-Z]{4}-\\d{2}', ids: [cnpj] },
  { shape: '\\d{14}', ids: [{ ...cnpj, words: /cnpj/i }] },
  { shape: '[2-6]\\d{3}[ -]\\d{5}[ -]\\d(?:[ /-]\\d)?', ids: [medicare] },
  { shape: '[2-9]\\d{3} \\d{4} \\d{4}', ids: [aadhaar] },
  { shape: '\\d{6}-[1-8]\\d{6}', ids: [kr] },
  { shape: '\\d{13}', ids: [za, krRun, thRun] },
  { shape: '\\d-\\d{4}-\\d{5}-\\d{2}-\\d', ids: [th] },
  { shape: '[A-Z]{3}[ABCFGHLJPT][A-Z]\\d{4}[A-Z]', ids: [pan] },
  { shape: '9\\d{2}-\\d{2}-\\d{4}', ids: [itin] },
  {
    shape: '[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\\d]\\d-[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\\d]\\d-[AC-HJKMNP-RT-Y]{2}\\d{2}',
    ids: [mbi],
  },
  { shape: '\\d{8}[A-Z]\\d{3}', ids: [rvnr] },
  { shape: '19\\d{6}[-+]?\\d{4}|\\d{6}[-+]\\d{4}', ids: [se, fi, cpr] },
  { shape: '\\d{6}[-+A-FU-Y]\\d{3}[0-9A-FHJ-NPR-Y]', ids: [fi] },
  { shape: '[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]', ids: [nino] },
  { shape: '\\d{11}', ids: [pesel, steuerId, tckn, no, medicareRun] },
  { shape: '\\d{3} \\d{3} \\d{4}|\\d{3}-\\d{3}-\\d{4}', ids: [nhsGroups] },
  { shape: '[2-9]\\d{3}[-:]?\\d{4}[-:]?\\d{4}', ids: [aadhaarRun] },
  { shape: '\\d{10}', ids: [nhs, medicareRun, cpr] },
  { shape: '[STFG]\\d{7}[A-Z]', ids: [sg] },
  { shape: '\\d{8}-?[A-Z]|[XYZ]-?\\d{7}-?[A-Z]', ids: [es] },
  { shape: '\\d{3}-\\d{3}-\\d{3}', ids: [sinDashes, bsn, nif, tfn] },
  { shape: '\\d{3} \\d{3} \\d{3}|\\d{9}', ids: [bsn, nif, tfn, sin] },
];
