// The route that the cost of a decision is measured with: conditions of every kind, a sticky split, and an `auto` node over a
// pool at the end.

/** A client's metadata and headers should hold user_id, or the split falls back to chance. */
const CONDITIONS = [
  'metadata.user_plan == "enterprise"',
  "request.estimated_input_tokens > 100000",
  'headers["x-beta"] == "yes"',
  "request.has_images && request.stream",
  "budget.used_share > 0.99",
  'caller.team_id in ["finance", "legal"]',
  'metadata.region.matches("^eu-[a-z]+$")',
  "request.hour > 24",
  { "metadata.tier": { $in: ["a", "b", "c"] } },
  'caller.end_user_id == "nobody"',
  "double(metadata.seats) > 5000.0",
  "request.has_json_schema",
];

/** A route document of twenty nodes over `pool`, whose conditions are all false for an ordinary request. */
export function twentyNodeRoute(pool: readonly string[], better: string, cheaper: string): { nodes: unknown[] } {
  return {
    nodes: [
      { id: "start", kind: "start", next: "if0" },
      ...CONDITIONS.map((condition, n) => ({
        ...{ id: `if${n}`, kind: "if", condition, whenTrue: "special" },
        whenFalse: n + 1 < CONDITIONS.length ? `if${n + 1}` : "split",
      })),
      {
        ...{ id: "split", kind: "split", by: "metadata.user_id" },
        shares: [
          { percent: 50, next: "auto" },
          { percent: 50, next: "auto2" },
        ],
      },
      { id: "auto", kind: "auto", mode: "balanced", models: pool, next: "end", fallback: "last" },
      { id: "auto2", kind: "auto", mode: "cost", models: pool, next: "end", fallback: "last" },
      { id: "special", kind: "model", model: better, next: "end", fallback: "second" },
      { id: "second", kind: "model", model: cheaper, next: "end" },
      { id: "last", kind: "model", model: cheaper, next: "end" },
      { id: "end", kind: "end" },
    ],
  };
}
