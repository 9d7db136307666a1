// JSON as text for files that people read and compare: objects one member a line, short lists of plain values on one line.
import { isObject } from "../json-fields.ts";

/** Of a line with a list on it, its comma included. */
const LINE_CHARACTERS_MAX = 120;

/** `value`: JSON; members that are undefined are left out, as JSON.stringify does. Ends with a line break. */
export function printJson(value: unknown): string {
  return `${print(value, "", 0)}\n`;
}

/** `before`: characters that stand on the line already. */
function print(value: unknown, indent: string, before: number): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const line = value.every((item) => typeof item !== "object" || item === null) ? printLine(value) : undefined;
    if (line !== undefined && before + line.length + 1 <= LINE_CHARACTERS_MAX) return line;
    return `[\n${value.map((item) => inner + print(item, inner, inner.length)).join(",\n")}\n${indent}]`;
  }
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  if (members.length === 0) return "{}";
  const lines = members.map(([name, item]) => {
    const start = `${inner}${JSON.stringify(name)}: `;
    return start + print(item, inner, start.length);
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

function printLine(items: readonly unknown[]): string {
  return `[${items.map((item) => JSON.stringify(item) ?? "null").join(", ")}]`;
}
