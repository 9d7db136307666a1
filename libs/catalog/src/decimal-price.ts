// Prices as people write them (decimal USD per million tokens) to exact integers (pico-USD per token), and nothing in between.
import { PICO_PER_USD } from "@waybill/domain";

const DECIMAL = /^(\d{1,12})(?:\.(\d{1,30}))?$/;
/** One millionth of a USD per million tokens is one pico-USD per token: the finest price there is. */
const DECIMALS_MAX = 6;

/**
 * Decimal text in USD per million tokens to pico-USD per token. Undefined for anything that is not plain decimal text
 * or is finer than a millionth of a USD per million tokens: a rounded price would be a wrong one.
 */
export function picoUsdPerToken(usdPerMillionTokens: string): bigint | undefined {
  return scaled(usdPerMillionTokens, DECIMALS_MAX);
}

/** Decimal text in USD to pico-USD, or undefined when it cannot be said exactly. */
export function picoUsdOf(usd: string): bigint | undefined {
  return scaled(usd, PICO_PER_USD.toString().length - 1);
}

/** Decimal text in USD per thousand calls to pico-USD per call. */
export function picoUsdPerCall(usdPerThousandCalls: string): bigint | undefined {
  return scaled(usdPerThousandCalls, PICO_PER_USD.toString().length - 4);
}

function scaled(text: string, decimals: number): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, whole = "0", fraction = ""] = match;
  const digits = fraction.replace(/0+$/, "");
  if (digits.length > decimals) return undefined;
  return BigInt(whole) * 10n ** BigInt(decimals) + BigInt(digits.padEnd(decimals, "0"));
}
