// Rows of FOCUS as texts: a line of CSV, and decimals as the whole numbers that a Parquet file keeps.

/** Null: there is none. */
export type FocusValue = string | null;

/** RFC 4180 with LF, as COPY of PostgreSQL writes it: what is not there is empty, an empty text is quoted. */
export function csvLine(values: readonly FocusValue[]): string {
  return `${values.map(csvField).join(",")}\n`;
}

function csvField(value: FocusValue): string {
  if (value === null) return "";
  return value === "" || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Of the decimals in a file: 26 digits before the point and 12 behind it, as the books have them. */
export const DECIMAL = { precision: 38, scale: 12 } as const;

/** "-1.5" as -1500000000000n. Throws RangeError for what has more digits: nothing is ever rounded. */
export function unscaled(decimal: string): bigint {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d{1,26})(?:\.(\d{1,12}))?$/.exec(decimal) ?? [];
  if (whole === "")
    throw new RangeError(
      `${decimal.slice(0, 64)} does not fit ${DECIMAL.precision} digits, ${DECIMAL.scale} of them behind the point`,
    );
  return BigInt(`${sign}${whole}${fraction.padEnd(DECIMAL.scale, "0")}`);
}
