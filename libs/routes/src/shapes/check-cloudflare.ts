// What Cloudflare's live API says to elements when a route is saved. It drops conditional.condition and rate.technique in silence, and
// so nothing is said of them here. Whether the graph is sound is for importCloudflareElements to say.
import { NODES_MAX } from "../document/route-document.ts";
import { isObject, member } from "../json-fields.ts";
import { CLOUDFLARE_KINDS, CLOUDFLARE_OUTPUTS_MAX, NOTES_MAX } from "./route-shape.ts";

export interface CloudflareProblem {
  readonly code: 7001;
  readonly message: string;
  /** From the body of the request, like ["body", "elements", 1, "properties", "provider"]. */
  readonly path: readonly (string | number)[];
}

/** Empty: the live API would take them. `elements`: the parsed JSON as it came; at most NOTES_MAX problems come back. */
export function checkCloudflareElements(elements: unknown): CloudflareProblem[] {
  const check = new Check();
  const list = check.typed(elements, "array", ["body", "elements"]);
  if (!Array.isArray(list)) return check.problems;
  if (list.length > NODES_MAX) {
    check.report(["body", "elements"], `Array must contain at most ${NODES_MAX} element(s)`);
    return check.problems;
  }
  for (const [index, element] of list.entries()) checkElement(element, ["body", "elements", index], check);
  return check.problems.slice(0, NOTES_MAX);
}

type Path = readonly (string | number)[];
type JsonType = "array" | "object" | "string" | "number";

class Check {
  readonly problems: CloudflareProblem[] = [];

  report(path: Path, message: string): void {
    this.problems.push({ code: 7001, message, path });
  }

  /** The value where it is of that type; undefined and a problem where it is not. */
  typed(value: unknown, expected: JsonType, path: Path): unknown {
    const received = typeOf(value);
    if (received === expected) return value;
    this.report(path, received === "undefined" ? "Required" : `Expected ${expected}, received ${received}`);
    return undefined;
  }

  field(of: unknown, name: string, expected: JsonType, path: Path): unknown {
    return this.typed(member(of, name), expected, [...path, name]);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

const EXPECTED_KIND = `Expected ${CLOUDFLARE_KINDS.map((kind) => `'${kind}'`).join(" | ")}`;

function checkElement(element: unknown, path: Path, check: Check): void {
  if (check.typed(element, "object", path) === undefined) return;
  check.field(element, "id", "string", path);
  const type = member(element, "type");
  const kind = CLOUDFLARE_KINDS.find((known) => known === type);
  if (!kind) {
    check.report([...path, "type"], EXPECTED_KIND);
    return;
  }
  const fields = PROPERTIES[kind];
  if (fields) {
    const properties = check.field(element, "properties", "object", path);
    if (properties !== undefined) checkProperties(properties, fields, [...path, "properties"], check);
  }
  const outputs = check.field(element, "outputs", "object", path);
  if (!isObject(outputs)) return;
  const names = OUTPUTS[kind] ?? Object.keys(outputs);
  for (const name of names) checkOutput(outputs, name, [...path, "outputs"], check);
  if (kind === "percentage") checkPercentages(Object.keys(outputs), [...path, "outputs"], check);
}

type Kind = (typeof CLOUDFLARE_KINDS)[number];

const PROPERTIES: Readonly<Partial<Record<Kind, readonly (readonly [name: string, type: JsonType])[]>>> = {
  conditional: [],
  rate: [
    ["key", "string"],
    ["limit", "number"],
    ["limitType", "string"],
    ["window", "number"],
  ],
  model: [
    ["provider", "string"],
    ["model", "string"],
    ["retries", "number"],
    ["timeout", "number"],
  ],
};
const OUTPUTS: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  start: ["next"],
  conditional: ["true", "false"],
  rate: ["success", "fallback"],
  model: ["success", "fallback"],
};

function checkProperties(
  properties: unknown,
  fields: readonly (readonly [name: string, type: JsonType])[],
  path: Path,
  check: Check,
): void {
  for (const [name, type] of fields) {
    const value = check.field(properties, name, type, path);
    if (name === "limitType" && value !== undefined && value !== "count" && value !== "cost") {
      check.report([...path, name], "Expected 'count' | 'cost'");
    }
  }
}

function checkOutput(outputs: unknown, name: string, path: Path, check: Check): void {
  const output = check.field(outputs, name, "object", path);
  if (output !== undefined) check.field(output, "elementId", "string", [...path, name]);
}

const PERCENTAGE = /^(\d+(?:\.\d+)?)%$/;

function checkPercentages(names: readonly string[], path: Path, check: Check): void {
  const percents = names.map((name) => PERCENTAGE.exec(name)?.[1]);
  names.forEach((name, index) => {
    if (percents[index] === undefined) check.report([...path, name], "Invalid");
  });
  if (names.length > CLOUDFLARE_OUTPUTS_MAX) {
    check.report(path, `Percentage must have at most ${CLOUDFLARE_OUTPUTS_MAX} outputs`);
  }
  const total = percents.reduce((sum, percent) => sum + Number(percent ?? 0), 0);
  // Thirds do not sum to 100 exactly in binary.
  if (!percents.includes(undefined) && Math.abs(total - 100) > 1e-9) {
    check.report(path, "Percentages must total 100%");
  }
}
