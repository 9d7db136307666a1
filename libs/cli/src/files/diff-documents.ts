// What differs between two documents, node by node, as lines for people. Both must have come through the API's import, so that what one
// leaves out and the other says is the same.

type Fields = Readonly<Record<string, unknown>>;

/** Empty: nothing. `+ node (kind)`, `- node (kind)`, `~ node.field: before -> after`. */
export function diffDocuments(before: { nodes: readonly unknown[] }, after: { nodes: readonly unknown[] }): string[] {
  const [was, is] = [byId(before), byId(after)];
  const removed = [...was].filter(([id]) => !is.has(id)).map(([id, node]) => `- ${id} (${String(node.kind)})`);
  const added = [...is].filter(([id]) => !was.has(id)).map(([id, node]) => `+ ${id} (${String(node.kind)})`);
  const changed = [...is].flatMap(([id, node]) => diffNode(id, was.get(id), node));
  return [...removed, ...added, ...changed];
}

function byId({ nodes }: { nodes: readonly unknown[] }): Map<string, Fields> {
  return new Map(
    nodes.map((node) => {
      const fields: Fields = typeof node === "object" && node !== null ? Object.fromEntries(Object.entries(node)) : {};
      return [String(fields.id), fields];
    }),
  );
}

function diffNode(id: string, before: Fields | undefined, after: Fields): string[] {
  if (!before) return [];
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...fields].flatMap((field) => {
    const [was, is] = [textOf(before[field]), textOf(after[field])];
    return was === is ? [] : [`~ ${id}.${field}: ${was} -> ${is}`];
  });
}

/** Fields of objects in one order, so that another order is no difference. */
function textOf(value: unknown): string {
  if (value === undefined) return "(none)";
  return JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
