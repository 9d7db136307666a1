// Exact money: integer pico-USD as bigint. 1 USD = 10^12 pico-USD. No floats anywhere.

/** An amount of money in pico-USD (10^-12 USD). */
export type PicoUsd = bigint;

export const PICO_PER_USD = 1_000_000_000_000n;

/** The most that one attempt, hold or grant may be: what fits an int64 on the wire (about 9.2 million USD). */
export const PICO_USD_INT64_MAX: PicoUsd = 9_223_372_036_854_775_807n;

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/**
 * Decimal text in USD to pico-USD, exactly.
 * Throws RangeError for anything but plain decimal text ("12", "-0.15") and for more than 12 decimal places,
 * because rounding money silently is how books stop balancing.
 */
export function parseUsd(text: string): PicoUsd {
  const match = DECIMAL.exec(text);
  if (!match) throw new RangeError(`not a decimal USD amount: ${JSON.stringify(text)}`);
  const [, sign, whole = "0", fraction = ""] = match;
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > 12) throw new RangeError(`more than 12 decimal places: ${JSON.stringify(text)}`);
  const pico = BigInt(whole) * PICO_PER_USD + BigInt(digits.padEnd(12, "0"));
  return sign === "-" ? -pico : pico;
}

/** Pico-USD to decimal USD text without trailing zeros: 1500000000n -> "0.0015". */
export function formatUsd(amount: PicoUsd): string {
  const negative = amount < 0n;
  const absolute = negative ? -amount : amount;
  const fraction = (absolute % PICO_PER_USD).toString().padStart(12, "0").replace(/0+$/, "");
  const text = `${absolute / PICO_PER_USD}${fraction === "" ? "" : `.${fraction}`}`;
  return negative && absolute !== 0n ? `-${text}` : text;
}

/** The smaller of two amounts. */
export function minPicoUsd(a: PicoUsd, b: PicoUsd): PicoUsd {
  return a < b ? a : b;
}

/** The larger of two amounts. */
export function maxPicoUsd(a: PicoUsd, b: PicoUsd): PicoUsd {
  return a > b ? a : b;
}
