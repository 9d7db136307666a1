// Rows as a table that lines up in a terminal. No I/O.

export interface Column {
  readonly name: string;
  readonly align: "left" | "right";
}

/** Empty cells for nulls; control characters are shown, not obeyed. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly (string | null)[])[]): string {
  const cells = rows.map((row) => columns.map((_, index) => showText(row[index] ?? "")));
  const widths = columns.map(({ name }, index) =>
    Math.max(textWidth(name), ...cells.map((row) => textWidth(row[index] ?? ""))),
  );
  const line = (texts: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const text = texts[index] ?? "";
        const gap = " ".repeat((widths[index] ?? 0) - textWidth(text));
        return align === "right" ? gap + text : text + gap;
      })
      .join("  ")
      .trimEnd();
  const header = line(columns.map(({ name }) => name));
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [header, rule, ...cells.map(line)].join("\n");
}

function textWidth(text: string): number {
  return [...text].length;
}

function showText(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const known = { "\n": "\\n", "\t": "\\t", "\r": "\\r" }[character];
    return known ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
