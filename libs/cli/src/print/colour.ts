// Colours for terminals, as a choice made once.

type Colour = "red" | "green" | "yellow" | "bold";
/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

const CODES: Readonly<Record<Colour, number>> = { bold: 1, red: 31, green: 32, yellow: 33 };

export function makePaint(isWanted: boolean): Paint {
  return (colour, text) => (isWanted ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text);
}

/** Lines of a difference by their first character. */
export function paintDiffLine(paint: Paint, line: string): string {
  if (line.startsWith("+")) return paint("green", line);
  if (line.startsWith("-")) return paint("red", line);
  return line.startsWith("~") ? paint("yellow", line) : line;
}
