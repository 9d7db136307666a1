// How large the input of a Messages request is, for routing and for holds. Never for billing.
import type { AskedRequest, InputSize } from "../asked-request.ts";

interface Measured {
  fields: AskedRequest["fields"];
  messages: readonly unknown[];
  tools: readonly unknown[];
  system: unknown;
}

/** Fields whose text reaches the model. */
const READ_BY_MODEL = ["system", "messages", "tools", "tool_choice", "output_config"];
/** Fields that name stored input. */
const UNSEEN = ["container", "mcp_servers"];
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_PART = 4;
/** A guess for one picture: (width * height) / 750 of a usual one. https://docs.anthropic.com/en/docs/build-with-claude/vision */
const TOKENS_PER_IMAGE = 800;

/** Measures a parsed request. */
export function sizeInput({ fields, messages, tools, system }: Measured): InputSize {
  let textBytes = 0;
  for (const name of READ_BY_MODEL) {
    const span = fields.get(name);
    if (span) textBytes += span.valueEnd - span.valueStart;
  }
  const walk: Walk = { characters: 0, images: 0, unseen: UNSEEN.some((name) => fields.has(name)) };
  measure(messages, walk);
  measure(tools, walk);
  measure(system, walk);
  const partCount = messages.length + tools.length;
  const estimatedTokens =
    Math.ceil(walk.characters / CHARACTERS_PER_TOKEN) + partCount * TOKENS_PER_PART + walk.images * TOKENS_PER_IMAGE;
  return {
    textBytes,
    partCount,
    inputCount: 1,
    estimatedTokens,
    hasImages: walk.images > 0,
    hasAudio: false,
    hasUnseenInput: walk.unseen,
  };
}

interface Walk {
  characters: number;
  images: number;
  unseen: boolean;
}

/** Depth is bounded by the scan, so recursion is. */
function measure(value: unknown, walk: Walk): void {
  if (typeof value === "string") {
    walk.characters += value.length;
  } else if (Array.isArray(value)) {
    for (const item of value) measure(item, walk);
  } else if (typeof value === "object" && value !== null) {
    const part = value as Record<string, unknown>;
    if ((part.type === "image" || part.type === "document") && "source" in part) measureMedia(part, walk);
    else for (const item of Object.values(part)) measure(item, walk);
  }
}

function measureMedia({ type, source }: Record<string, unknown>, walk: Walk): void {
  const given = typeof source === "object" && source !== null ? (source as Record<string, unknown>) : {};
  if (given.type === "text" || given.type === "content") {
    measure(given.data ?? given.content, walk);
    return;
  }
  walk.images += 1;
  // The pages of a document have nothing to do with its bytes.
  if (given.type !== "base64" || type === "document") walk.unseen = true;
}
