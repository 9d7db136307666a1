// International bank account numbers: two letters of a country, two check digits (ISO 13616: the number modulo 97 is 1), as many
// characters as that country's have; written in one or in groups.
import type { Detector } from "./detector.ts";

/** Characters by country. SWIFT, IBAN Registry (ISO 13616), release 99. */
const LENGTHS: Readonly<Record<string, number>> = {
  ...{ AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BI: 27, BR: 29, BY: 28, CH: 21, CR: 22 },
  ...{ CY: 28, CZ: 24, DE: 22, DJ: 27, DK: 18, DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FK: 18, FO: 18, FR: 27, GB: 22 },
  ...{ GE: 22, GI: 23, GL: 18, GR: 27, GT: 28, HN: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26, IT: 27, JO: 30 },
  ...{ KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20, LV: 21, LY: 25, MC: 27, MD: 24, ME: 22, MK: 19, MN: 20 },
  ...{ MR: 27, MT: 31, MU: 30, NI: 28, NL: 18, NO: 15, OM: 23, PK: 24, PL: 28, PS: 29, PT: 25, QA: 29, RO: 24, RS: 22 },
  ...{ RU: 33, SA: 24, SC: 31, SD: 18, SE: 24, SI: 19, SK: 24, SM: 27, SO: 23, ST: 25, SV: 28, TL: 23, TN: 24, TR: 26 },
  ...{ UA: 29, VA: 22, VG: 24, XK: 20, YE: 30 },
};
const CHARACTERS_MAX = 34;
/** Between any two characters one space. */
const REACH = 2 * CHARACTERS_MAX + 1;
const WORD = /[0-9A-Za-z]/;
const BEGINNING = /(?<![0-9A-Za-z])[A-Za-z]{2}[0-9]{2}/g;
/** What is a beginning, or may become one. */
const PERHAPS = /(?<![0-9A-Za-z])(?:[A-Za-z]{2}[0-9]{2}|[A-Za-z]{2}[0-9]?$|[A-Za-z]$)/g;

export const iban: Detector = {
  kind: "iban",
  find(text, from) {
    for (BEGINNING.lastIndex = from; ; ) {
      const match = BEGINNING.exec(text);
      if (!match) return undefined;
      const end = endOfIban(text, match.index);
      if (end !== undefined) return { kind: "iban", start: match.index, end };
      BEGINNING.lastIndex = match.index + 1;
    }
  },
  settled(text) {
    PERHAPS.lastIndex = Math.max(0, text.length - REACH);
    return PERHAPS.exec(text)?.index ?? text.length;
  },
};

function endOfIban(text: string, start: number): number | undefined {
  const length = LENGTHS[text.slice(start, start + 2).toUpperCase()];
  if (length === undefined) return undefined;
  let number = "";
  let at = start;
  while (number.length < length) {
    if (number !== "" && text.charAt(at) === " ") at += 1;
    const character = text.charAt(at);
    if (!WORD.test(character)) return undefined;
    number += character;
    at += 1;
  }
  return !WORD.test(text.charAt(at)) && isIban(number.toUpperCase()) ? at : undefined;
}

/** The first four characters go to the end, letters become 10 to 35, and the number modulo 97 is 1. */
function isIban(number: string): boolean {
  let rest = 0;
  for (const character of number.slice(4) + number.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest === 1;
}
