// Rows of a JSON file: buckets of the vendors' usage and cost APIs, arrays of records, and records one a line. Numbers stay text, so
// that an amount is read as it was written.
import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import type { InvoiceFault, InvoiceRow } from "../../core/invoices/invoice-line.ts";
import { plainName } from "../../core/invoices/row-reader.ts";

/** Deeper than any export; what parses it is recursive. */
const DEPTH_MAX = 32;

type Read = { rows: InvoiceRow[] } | { faults: InvoiceFault[] };

export function readJson(text: string): Read {
  const values = documentsOf(text);
  const rows: InvoiceRow[] = [];
  for (const { source, fileLine } of values) {
    const errors: ParseError[] = [];
    if (isTooDeep(source)) return fault(fileLine, "it is nested too deeply");
    const tree = parseTree(source, errors, { disallowComments: true, allowTrailingComma: false });
    const [error] = errors;
    const lineAt = lineCounter(source, fileLine);
    if (!tree || error) {
      return fault(
        error ? lineAt(error.offset) : fileLine,
        `is no JSON: ${error ? printParseErrorCode(error.error) : "empty"}`,
      );
    }
    rows.push(...rowsOf(tree, source, lineAt));
  }
  return { rows };
}

/** One document; or one on each line, where the first line is whole by itself and is not all of it. */
function documentsOf(text: string): { source: string; fileLine: number }[] {
  const lines = text.split("\n");
  const first = lines[0]?.trim() ?? "";
  if (lines.length < 2 || !first.startsWith("{") || !first.endsWith("}") || !lines[1]?.trim().startsWith("{")) {
    return [{ source: text, fileLine: 1 }];
  }
  return lines.flatMap((line, index) => (line.trim() === "" ? [] : [{ source: line, fileLine: index + 1 }]));
}

function isTooDeep(source: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < source.length; index += 1) {
    const character = source.charCodeAt(index);
    if (isInString) {
      if (character === 92) index += 1;
      else if (character === 34) isInString = false;
    } else if (character === 34) isInString = true;
    else if (character === 123 || character === 91) {
      depth += 1;
      if (depth > DEPTH_MAX) return true;
    } else if (character === 125 || character === 93) depth -= 1;
  }
  return false;
}

/** Offsets only grow while a tree is walked in order. */
function lineCounter(source: string, firstLine: number): (offset: number) => number {
  let [at, line] = [0, firstLine];
  return (offset) => {
    if (offset < at) [at, line] = [0, firstLine];
    for (let next = source.indexOf("\n", at); next !== -1 && next < offset; next = source.indexOf("\n", next + 1)) {
      line += 1;
      at = next + 1;
    }
    return line;
  };
}

/** Pages of buckets, pages, arrays, or one record. */
function rowsOf(node: Node, source: string, lineAt: (offset: number) => number): InvoiceRow[] {
  if (node.type === "array") return (node.children ?? []).flatMap((child) => rowsOf(child, source, lineAt));
  const data = property(node, "data");
  if (data?.type === "array") return rowsOf(data, source, lineAt);
  const results = property(node, "results") ?? property(node, "result");
  const fields = new Map<string, string>();
  for (const child of node.children ?? []) {
    if (child.children?.[1] !== results) addFields(child, "", source, fields);
  }
  if (results?.type !== "array") return [{ fileLine: lineAt(node.offset), fields }];
  if (!results.children?.length) return [{ fileLine: lineAt(node.offset), fields }];
  return results.children.map((result) => {
    const own = new Map(fields);
    for (const child of result.children ?? []) addFields(child, "", source, own);
    return { fileLine: lineAt(result.offset), fields: own };
  });
}

function property(node: Node, name: string): Node | undefined {
  return node.children?.find((child) => child.type === "property" && child.children?.[0]?.value === name)
    ?.children?.[1];
}

/** A field by its path, "amount.value", and "credits.0.amount" in an array. */
function addFields(node: Node, prefix: string, source: string, fields: Map<string, string>): void {
  if (node.type === "property") {
    const [key, value] = node.children ?? [];
    if (value) addFields(value, `${prefix}${key?.value}.`, source, fields);
  } else if (node.type === "object") {
    for (const child of node.children ?? []) addFields(child, prefix, source, fields);
  } else if (node.type === "array") {
    node.children?.forEach((child, index) => {
      addFields(child, `${prefix}${index}.`, source, fields);
    });
  } else if (node.type !== "null") {
    const text = node.type === "string" ? String(node.value) : source.slice(node.offset, node.offset + node.length);
    fields.set(plainName(prefix), text);
  }
}

function fault(fileLine: number, problem: string): Read {
  return { faults: [{ fileLine, field: "", problem }] };
}
