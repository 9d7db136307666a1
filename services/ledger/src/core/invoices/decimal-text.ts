// Numbers of invoices as exact integers: decimal text, also with an exponent as exports of databases have it, never through a float.

/** A whole number of units of 10^-scale. */
export interface ScaledDecimal {
  value: bigint;
  /** False: there were digits below that unit, and it was rounded to the nearest, half away from zero. */
  isExact: boolean;
  /** Decimal places that the text has, without zeros at the end. */
  decimals: number;
}

const DECIMAL = /^([+-]?)(\d{0,40})(?:\.(\d{0,60}))?(?:[eE]([+-]?\d{1,3}))?$/;
const EXPONENT_MAX = 60;

/** "1.5e-05" at scale 12 is 15000000n. Undefined: no such number; separators of thousands and signs of currency are none. */
export function parseScaled(text: string, scale: number): ScaledDecimal | undefined {
  const [, sign, whole = "", fraction = "", exponentText = "0"] = DECIMAL.exec(text.trim()) ?? [];
  if (sign === undefined || (whole === "" && fraction === "")) return undefined;
  const exponent = Number(exponentText);
  if (Math.abs(exponent) > EXPONENT_MAX) return undefined;
  const digits = (whole + fraction).replace(/0+$/, "");
  const zeros = whole.length + fraction.length - digits.length;
  // The value is digits x 10^-places.
  const places = digits === "" ? 0 : fraction.length - zeros - exponent;
  const coefficient = BigInt(digits === "" ? "0" : digits);
  const { value, isExact } = rescale(coefficient, scale - places);
  return { value: sign === "-" ? -value : value, isExact, decimals: Math.max(places, 0) };
}

function rescale(coefficient: bigint, powerOfTen: number): { value: bigint; isExact: boolean } {
  if (powerOfTen >= 0) return { value: coefficient * 10n ** BigInt(powerOfTen), isExact: true };
  const divisor = 10n ** BigInt(-powerOfTen);
  const rest = coefficient % divisor;
  return { value: coefficient / divisor + (2n * rest >= divisor ? 1n : 0n), isExact: rest === 0n };
}
