// A difference as lines for people: what came, what went, what changed.
import type { DocumentDiff, FieldValue } from "./diff-documents.ts";

/** Like `+ budget (limit)`, `- old (model)`, `~ premium.model: openai/gpt-4.1 -> openai/gpt-5`; no line where nothing differs. */
export function formatDiff({ added, removed, changed }: DocumentDiff): string[] {
  return [
    ...added.map(({ id, kind }) => `+ ${id} (${kind})`),
    ...removed.map(({ id, kind }) => `- ${id} (${kind})`),
    ...changed.flatMap(({ id, fields }) =>
      fields.map(({ field, from, to }) => `~ ${id}.${field}: ${show(from)} -> ${show(to)}`),
    ),
  ];
}

function show(value: FieldValue | undefined): string {
  if (value === undefined) return "(none)";
  // A line stays one line.
  return String(value).replace(/[\r\n]+/g, " ");
}
