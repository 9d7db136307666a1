// Numbers of payment cards: 12 to 19 digits, alone or in groups, that begin like an issuer's, are as long as that issuer's are, and
// pass the check of Luhn (ISO/IEC 7812-1, annex B).
import { beforeLastRun, type Detector } from "./detector.ts";

/** [first digits from, to, lengths]. https://en.wikipedia.org/wiki/Payment_card_number#Issuer_identification_number_(IIN) */
const ISSUERS: readonly (readonly [string, string, readonly number[]])[] = [
  ["34", "34", [15]], // American Express
  ["37", "37", [15]],
  ["300", "305", [14, 15, 16, 17, 18, 19]], // Diners Club
  ["3095", "3095", [14, 15, 16, 17, 18, 19]],
  ["36", "36", [14, 15, 16, 17, 18, 19]],
  ["38", "39", [14, 15, 16, 17, 18, 19]],
  ["3528", "3589", [16, 17, 18, 19]], // JCB
  ["4", "4", [13, 16, 19]], // Visa
  ["51", "55", [16]], // Mastercard
  ["2221", "2720", [16]],
  ["5018", "5018", [12, 13, 14, 15, 16, 17, 18, 19]], // Maestro
  ["5020", "5020", [12, 13, 14, 15, 16, 17, 18, 19]],
  ["5038", "5038", [12, 13, 14, 15, 16, 17, 18, 19]],
  ["6304", "6304", [12, 13, 14, 15, 16, 17, 18, 19]],
  ["6759", "6763", [12, 13, 14, 15, 16, 17, 18, 19]],
  ["6011", "6011", [16, 17, 18, 19]], // Discover
  ["644", "649", [16, 17, 18, 19]],
  ["65", "65", [16, 17, 18, 19]],
  ["62", "62", [16, 17, 18, 19]], // UnionPay
  ["2200", "2204", [16, 17, 18, 19]], // Mir
];
const DIGITS_MAX = 19;
/** Every digit but the last may be followed by a space or a dash. */
const REACH = 2 * DIGITS_MAX + 2;
const PART = /[0-9 -]/;
const SPACE = 0x20;
const DASH = 0x2d;
const FIRST_DIGIT = /(?<![0-9A-Za-z])[0-9]/g;

export const creditCard: Detector = {
  kind: "credit_card",
  find(text, from) {
    for (FIRST_DIGIT.lastIndex = from; ; ) {
      const first = FIRST_DIGIT.exec(text);
      if (!first) return undefined;
      const end = endOfCard(text, first.index);
      if (end !== undefined) return { kind: "credit_card", start: first.index, end };
    }
  },
  settled: (text) => beforeLastRun(text, PART, REACH),
};

/** Lengths that an issuer's numbers with these first four digits have; empty: nobody's begin so. Every text asks for them often. */
const LENGTHS_BY_BEGINNING: readonly (readonly number[])[] = Array.from({ length: 10_000 }, (_, index) => {
  const beginning = String(index).padStart(4, "0");
  return ISSUERS.flatMap(([from, to, lengths]) => {
    const begins = beginning.slice(0, from.length);
    return begins >= from && begins <= to ? lengths : [];
  });
});

/** The end of the longest number that begins here and is a card's. */
function endOfCard(text: string, start: number): number | undefined {
  let digits = "";
  let lengths: readonly number[] = [];
  let found: number | undefined;
  for (let at = start; digits.length < DIGITS_MAX; ) {
    digits += text.charAt(at);
    at += 1;
    if (digits.length === 4) {
      lengths = LENGTHS_BY_BEGINNING[Number(digits)] ?? [];
      if (lengths.length === 0) return undefined;
    }
    const next = text.charCodeAt(at);
    if (lengths.includes(digits.length) && !isWord(next) && passesLuhn(digits)) found = at;
    if (next === SPACE || next === DASH) at += 1;
    if (!isDigit(text.charCodeAt(at))) break;
  }
  return found;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isWord = (code: number): boolean =>
  isDigit(code) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);

/** Doubles every second digit from the right; the sum of all digits is a multiple of ten. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 0x30;
    const counted = index % 2 === 1 ? digit * 2 : digit;
    sum += counted > 9 ? counted - 9 : counted;
  }
  return sum % 10 === 0;
}
