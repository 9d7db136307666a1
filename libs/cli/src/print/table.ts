// Rows as aligned columns for people.
import { plainText } from "./plain-text.ts";

/** Columns as wide as their widest cell; lines do not end in blanks. No rows: "(none)". */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "(none)";
  const all = [headings, ...rows].map((row) => row.map(plainText));
  const widths = headings.map((_, column) => all.reduce((most, row) => Math.max(most, widthOf(row[column] ?? "")), 0));
  return all.map((row) => lineOf(row, widths)).join("\n");
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
    .join("  ")
    .trimEnd();
}

function widthOf(text: string): number {
  return [...text].length;
}
