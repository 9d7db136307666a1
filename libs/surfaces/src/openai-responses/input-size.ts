// How large the input of a Responses request is, for routing and for holds. Never for billing.
import type { AskedRequest, InputSize } from "../asked-request.ts";

interface Measured {
  fields: AskedRequest["fields"];
  items: readonly unknown[];
  tools: readonly unknown[];
  instructions: unknown;
}

/** Fields whose text reaches the model. */
const READ_BY_MODEL = ["instructions", "input", "tools", "text", "tool_choice"];
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_PART = 4;
/** Content parts whose payload is not text. */
const MEDIA_PARTS: ReadonlySet<unknown> = new Set(["input_image", "input_file", "input_audio", "computer_screenshot"]);
/** A guess for one picture, in the middle of what providers document. */
const TOKENS_PER_IMAGE = 800;

/** Measures a parsed request. */
export function sizeInput({ fields, items, tools, instructions }: Measured): InputSize {
  let textBytes = 0;
  for (const name of READ_BY_MODEL) {
    const span = fields.get(name);
    if (span) textBytes += span.valueEnd - span.valueStart;
  }
  const walk: Walk = { characters: 0, images: 0, audio: false, unseen: fields.has("prompt") };
  measure(instructions, walk);
  measure(items, walk);
  measure(tools, walk);
  const partCount = items.length + tools.length;
  return {
    textBytes,
    partCount,
    inputCount: 1,
    estimatedTokens:
      Math.ceil(walk.characters / CHARACTERS_PER_TOKEN) + partCount * TOKENS_PER_PART + walk.images * TOKENS_PER_IMAGE,
    hasImages: walk.images > 0,
    hasAudio: walk.audio,
    hasUnseenInput: walk.unseen,
  };
}

interface Walk {
  characters: number;
  images: number;
  audio: boolean;
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
    if (MEDIA_PARTS.has(part.type)) measureMedia(part, walk);
    else for (const item of Object.values(part)) measure(item, walk);
  }
}

function measureMedia({ type, image_url: image, file_data: file, input_audio: audio }: Values, walk: Walk): void {
  walk.images += 1;
  if (type === "input_audio") walk.audio = true;
  const isInline =
    (typeof image === "string" && image.startsWith("data:")) || typeof file === "string" || typeof audio === "object";
  // The pages of a document have nothing to do with its bytes.
  if (!isInline || type === "input_file") walk.unseen = true;
}

type Values = Record<string, unknown>;
