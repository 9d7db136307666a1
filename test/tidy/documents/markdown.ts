// The little Markdown that generated pages need.

/** Says in the page itself where it comes from. */
export const GENERATED =
  "<!-- Written by `npm run docs` from the code; a tidy test compares. Change the code, not this page. -->";

/** A table; cells are escaped so that none breaks a row. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text as code, or a dash for none. */
export function code(text: string): string {
  return text === "" ? "–" : `\`${text}\``;
}

function escapeCell(text: string): string {
  // Outside code, `<name>` would be taken for HTML and vanish.
  const shown = text.includes("`") ? text : text.replaceAll("<", "\\<");
  return shown.replaceAll("|", "\\|").replaceAll("\n", " ");
}

/** Large numbers of bytes and milliseconds as people read them; others as they are. */
export function readable(name: string, value: string): string {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || value === "") return code(value);
  if (name.includes("_BYTES") && number >= 1024) return `${code(value)} (${inUnits(number, BYTE_UNITS)})`;
  if (name.endsWith("_MS") && number >= 1000) return `${code(value)} (${inUnits(number, TIME_UNITS)})`;
  return code(value);
}

const BYTE_UNITS = [
  [1024 ** 3, "GiB"],
  [1024 ** 2, "MiB"],
  [1024, "KiB"],
] as const;
const TIME_UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
] as const;

/** In the largest unit that divides it. */
function inUnits(number: number, units: readonly (readonly [size: number, name: string])[]): string {
  const [size, name] = units.find(([candidate]) => number >= candidate && number % candidate === 0) ?? [1, ""];
  return `${number / size} ${name}`.trim();
}

export const inBytes = (number: number): string => inUnits(number, BYTE_UNITS);
export const inTime = (milliseconds: number): string => inUnits(milliseconds, [...TIME_UNITS, [1, "ms"]]);
