// Customer support for both tiers in one route: who pays gets the paid tier's models.
import { autoNode } from "./auto-preset.ts";
import type { Preset } from "./preset.ts";
import { SUPPORT_FREE, SUPPORT_PAID } from "./use-cases.ts";

export const SUPPORT: Preset = {
  name: "support",
  title: "Customer support by plan",
  description:
    "Requests with the metadata user_plan = paid go to the paid tier's models, and when these fail, like all others, to the free tier's.",
  mode: undefined,
  models: [...SUPPORT_PAID.models, ...SUPPORT_FREE.models],
  expectedSaving: {
    text: `paid tier ${SUPPORT_PAID.expectedSaving.text}, free tier ${SUPPORT_FREE.expectedSaving.text}`,
    isMeasured: false,
  },
  document: {
    nodes: [
      { id: "start", kind: "start", next: "plan" },
      { id: "plan", kind: "if", condition: 'metadata.user_plan == "paid"', whenTrue: "paid", whenFalse: "free" },
      { ...autoNode("paid", "quality", SUPPORT_PAID.models), fallback: "free" },
      autoNode("free", "balanced", SUPPORT_FREE.models),
      { id: "end", kind: "end" },
    ],
  },
};
