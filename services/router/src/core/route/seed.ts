// The route a fresh installation begins with, as version 1: paying users get the better model, everyone else the cheaper one,
// each with the other as fallback. It names aliases, so that it stays right when waybill.yaml names real models.

export const SEED_ROUTE_NAME = "support";

const model = (id: string, name: string, fallback?: string) => ({
  id,
  kind: "model",
  model: name,
  next: "end",
  ...(fallback !== undefined && { fallback }),
});

export const SEED_ROUTE_DOCUMENT = {
  nodes: [
    { id: "start", kind: "start", next: "plan" },
    {
      id: "plan",
      kind: "if",
      condition: { "metadata.user_plan": { $eq: "paid" } },
      whenTrue: "better",
      whenFalse: "cheaper",
    },
    model("better", "better", "cheaper-instead"),
    model("cheaper-instead", "cheaper"),
    model("cheaper", "cheaper", "better-instead"),
    model("better-instead", "better"),
    { id: "end", kind: "end" },
  ],
} as const;
