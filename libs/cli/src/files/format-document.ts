// A route document as it is written to a file: always in the same order, so that git shows what changed and nothing else.

const LINE_CHARACTERS_MAX = 120;
const INDENT = "    ";

interface Document {
  nodes: readonly unknown[];
  readonly [field: string]: unknown;
}

/** Nodes as they stand, one on a line where it fits; of each its id and kind first, then its fields by name. Ends with a line break. */
export function formatDocument({ nodes, ...rest }: Document): string {
  const others = Object.entries(rest)
    .sort(byName)
    .map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`);
  const lines = nodes.map((node) => INDENT + formatNode(ordered(node))).join(",\n");
  return `{\n${others.join("")}  "nodes": [\n${lines}\n  ]\n}\n`;
}

function formatNode(node: unknown): string {
  const line = `{ ${fieldsOf(node)
    .map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`)
    .join(", ")} }`;
  if (INDENT.length + line.length <= LINE_CHARACTERS_MAX) return line;
  return JSON.stringify(node, null, 2).replaceAll("\n", `\n${INDENT}`);
}

function ordered(node: unknown): unknown {
  const { id, kind, ...rest } = Object.fromEntries(fieldsOf(node));
  return Object.fromEntries([
    ...[["id", id] as const, ["kind", kind] as const].filter(([, value]) => value !== undefined),
    ...Object.entries(rest).sort(byName),
  ]);
}

function fieldsOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
