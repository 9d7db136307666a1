// Whether a chat request asks for something whose price is not that of its tokens, so that a hold could not cover it.
import type { InputSize } from "../asked-request.ts";
import { asksElsewhere } from "../asks-elsewhere.ts";

/** Tiers that never cost more than the catalogue's price. `auto` may be served as a dearer one. */
const COVERED_TIERS: ReadonlySet<unknown> = new Set(["default", "flex"]);
/** Tools that the client runs itself. Any other kind runs at the provider, as often as the model likes. */
const CLIENT_TOOLS: ReadonlySet<unknown> = new Set(["function", "custom"]);
/** Searches and plug-ins that are charged beside the tokens (OpenAI, xAI, OpenRouter), and spoken answers. */
const CHARGED_FIELDS = ["web_search_options", "search_parameters", "plugins", "audio"];

/**
 * True when the catalogue's prices do not bound what the provider may charge. `size` is the same request's. What is
 * unknown here counts as dear: a tier or a tool of next year must not slip past a hard budget.
 */
export function isPriceUnbounded(
  { value, tools }: { value: Record<string, unknown>; tools: readonly unknown[] },
  size: InputSize,
): boolean {
  const { service_tier: tier, modalities } = value;
  return (
    size.hasAudio ||
    asksElsewhere(value) ||
    (isGiven(tier) && !COVERED_TIERS.has(tier)) ||
    CHARGED_FIELDS.some((name) => isGiven(value[name])) ||
    (isGiven(modalities) && !isTextOnly(modalities)) ||
    tools.some((tool) => !isClientTool(tool))
  );
}

function isGiven(field: unknown): boolean {
  return field !== undefined && field !== null;
}

/** Sound and pictures in an answer are tokens with prices of their own. */
function isTextOnly(modalities: unknown): boolean {
  return Array.isArray(modalities) && modalities.every((modality) => modality === "text");
}

function isClientTool(tool: unknown): boolean {
  if (typeof tool !== "object" || tool === null) return false;
  return CLIENT_TOOLS.has((tool as { type?: unknown }).type);
}
