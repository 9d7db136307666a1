// Exact fractions: shares of traffic, and amounts of a month made from them. Nothing is rounded before it is shown.

/** `denominator` is above 0, and both are without a common divisor. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

export const NONE: Fraction = { numerator: 0n, denominator: 1n };
export const WHOLE: Fraction = { numerator: 1n, denominator: 1n };

/** Throws RangeError for a denominator of 0. */
export function fraction(numerator: bigint, denominator = 1n): Fraction {
  if (denominator === 0n) throw new RangeError("a fraction of nothing");
  const sign = denominator < 0n ? -1n : 1n;
  const divisor = greatestCommonDivisor(numerator, denominator) * sign;
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function plus(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function minus(a: Fraction, b: Fraction): Fraction {
  return plus(a, { ...b, numerator: -b.numerator });
}

export function times(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function isSame(a: Fraction, b: Fraction): boolean {
  return a.numerator === b.numerator && a.denominator === b.denominator;
}

/** The nearest whole number; a half goes away from zero. */
export function rounded({ numerator, denominator }: Fraction): bigint {
  const absolute = numerator < 0n ? -numerator : numerator;
  const whole = (2n * absolute + denominator) / (2n * denominator);
  return numerator < 0n ? -whole : whole;
}

const DECIMAL = /^(\d{1,3})(?:\.(\d{1,9}))?$/;
const RATIO = /^(\d{1,9})\/(\d{1,9})$/;

/** A share from 0 to 1, as "0.25" or "1/3". Undefined: it is none. */
export function parseShare(text: string): Fraction | undefined {
  const [, whole, decimals = ""] = DECIMAL.exec(text) ?? [];
  const [, above, below] = RATIO.exec(text) ?? [];
  let share: Fraction | undefined;
  if (whole !== undefined) share = fraction(BigInt(whole + decimals), 10n ** BigInt(decimals.length));
  else if (above !== undefined && BigInt(below ?? 0) > 0n) share = fraction(BigInt(above), BigInt(below ?? 1));
  return share && share.numerator <= share.denominator ? share : undefined;
}

/** As decimal text where it ends within nine decimals, else as "1/3". */
export function shareText(share: Fraction): string {
  const { numerator, denominator } = share;
  for (let decimals = 0; decimals <= 9; decimals += 1) {
    if (10n ** BigInt(decimals) % denominator === 0n) return decimalText(share, decimals);
  }
  return `${numerator}/${denominator}`;
}

/** Rounded to so many decimals, without zeros at the end. */
export function decimalText(value: Fraction, decimals: number): string {
  const scaled = rounded(times(value, fraction(10n ** BigInt(decimals))));
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, "0");
  const after = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - decimals);
  return `${scaled < 0n ? "-" : ""}${whole}${decimals === 0 || after === "" ? "" : `.${after}`}`;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y > 0n) [x, y] = [y, x % y];
  return x;
}
