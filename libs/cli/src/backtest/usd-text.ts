// Exact sums of money that comes and goes as decimal text.

const DECIMALS = 12;
const UNIT = 10n ** BigInt(DECIMALS);

/** Decimal USD text, as the admin API writes it, to pico-USD. */
export function parseUsdText(text: string): bigint {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const amount = BigInt(whole) * UNIT + BigInt(fraction.padEnd(DECIMALS, "0").slice(0, DECIMALS));
  return text.startsWith("-") ? -amount : amount;
}

/** Pico-USD to decimal USD text without zeros at its end. */
export function formatUsdText(amountPicoUsd: bigint): string {
  const absolute = amountPicoUsd < 0n ? -amountPicoUsd : amountPicoUsd;
  const fraction = (absolute % UNIT).toString().padStart(DECIMALS, "0").replace(/0+$/, "");
  return `${amountPicoUsd < 0n ? "-" : ""}${absolute / UNIT}${fraction === "" ? "" : `.${fraction}`}`;
}
