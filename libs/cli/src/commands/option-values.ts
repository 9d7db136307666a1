// Values of options, checked before anything is asked.
import { InvalidArgumentError } from "commander";

/** `name=value`, repeated. */
export function collectPair(text: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = text.indexOf("=");
  if (at <= 0) throw new InvalidArgumentError("It must be name=value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** A list, by repeating the option or by commas. */
export function collectNames(text: string, before: readonly string[] | undefined): string[] {
  const names = text.split(",").map((name) => name.trim());
  return [...(before ?? []), ...names.filter((name) => name !== "")];
}

/** A moment as ISO 8601, or `never`; null is never. */
export function momentOrNever(text: string): string | null {
  return text === "never" ? null : toMoment(text, "2027-01-31, 2027-01-31T12:00:00Z, or never");
}

/** A moment as ISO 8601; a day alone is its beginning in UTC. */
export function moment(text: string): string {
  return toMoment(text, "2027-01-31 or 2027-01-31T12:00:00Z");
}

function toMoment(text: string, forms: string): string {
  const unixMs = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(unixMs)) throw new InvalidArgumentError(`It must be like ${forms}.`);
  return new Date(unixMs).toISOString();
}

/** A reader of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

export const versionNumber = wholeNumber(1, 2_147_483_647);

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "90m", "24h" or "7d" in milliseconds. */
export function spanMs(text: string): number {
  const [, count = "", unit = ""] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined) throw new InvalidArgumentError("It must be like 90m, 24h or 7d.");
  return Number(count) * unitMs;
}
