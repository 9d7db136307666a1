// Whether a Responses request asks for something whose price is not that of its tokens, so that a hold could not cover it.
import type { InputSize } from "../asked-request.ts";
import { asksElsewhere } from "../asks-elsewhere.ts";

/** Tiers that never cost more than the catalogue's price. `auto` may be served as a dearer one. */
const COVERED_TIERS: ReadonlySet<unknown> = new Set(["default", "flex"]);
/** Tools that the client runs itself. Any other kind runs at the provider, or may, as often as the model likes. */
const CLIENT_TOOLS: ReadonlySet<unknown> = new Set(["function", "custom", "local_shell", "apply_patch"]);

/**
 * True when the catalogue's prices do not bound what the provider may charge. `size` is the same request's. What is
 * unknown here counts as dear: a tier or a tool of next year must not slip past a hard budget. A stored prompt may bring tools.
 */
export function isPriceUnbounded(
  { value, tools }: { value: Record<string, unknown>; tools: readonly unknown[] },
  size: InputSize,
): boolean {
  const { service_tier: tier, prompt } = value;
  return (
    size.hasAudio ||
    asksElsewhere(value) ||
    (isGiven(tier) && !COVERED_TIERS.has(tier)) ||
    isGiven(prompt) ||
    tools.some((tool) => !isClientTool(tool))
  );
}

function isGiven(field: unknown): boolean {
  return field !== undefined && field !== null;
}

function isClientTool(tool: unknown): boolean {
  return typeof tool === "object" && tool !== null && CLIENT_TOOLS.has((tool as { type?: unknown }).type);
}
