// How large the input of a chat request is, for routing and for holds. Never for billing.
import type { AskedRequest, InputSize } from "../asked-request.ts";

/** A request's parts that are measured. */
interface Measured {
  fields: AskedRequest["fields"];
  messages: readonly unknown[];
  tools: readonly unknown[];
}

/** Fields whose text reaches the model. */
const READ_BY_MODEL = ["messages", "tools", "functions", "response_format", "prediction", "tool_choice"];
/** Fields that name stored input. */
const UNSEEN = ["prompt", "previous_response_id", "conversation", "file_ids"];
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_PART = 4;
/** Content parts whose payload is not text; each is held in a field named like its type. */
const MEDIA_PARTS: ReadonlySet<unknown> = new Set(["image_url", "input_audio", "audio_url", "video_url", "file"]);
const AUDIO_PARTS: ReadonlySet<unknown> = new Set(["input_audio", "audio_url"]);
/** A guess for one picture, in the middle of what providers document. */
const TOKENS_PER_IMAGE = 800;

/** Measures a parsed request. */
export function sizeInput(request: Measured): InputSize {
  let textBytes = 0;
  for (const name of READ_BY_MODEL) {
    const span = request.fields.get(name);
    if (span) textBytes += span.valueEnd - span.valueStart;
  }
  const unseen = UNSEEN.some((name) => request.fields.has(name));
  const walk: Walk = { characters: 0, images: 0, audio: false, unseen };
  for (const message of request.messages) measureSpokenAnswer(message, walk);
  measure(request.messages, walk);
  measure(request.tools, walk);
  const partCount = request.messages.length + request.tools.length;
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

/** An assistant's earlier spoken answer is named by its id: neither its words nor its sound stand in the body. */
function measureSpokenAnswer(message: unknown, walk: Walk): void {
  const { audio } = message as { audio?: unknown };
  if (audio === undefined || audio === null) return;
  walk.audio = true;
  walk.unseen = true;
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

function measureMedia(part: Record<string, unknown>, walk: Walk): void {
  walk.images += 1;
  if (AUDIO_PARTS.has(part.type)) walk.audio = true;
  const media = part[String(part.type)];
  const record = typeof media === "object" && media !== null ? (media as Record<string, unknown>) : {};
  const url = typeof media === "string" ? media : record.url;
  const isInline = (typeof url === "string" && url.startsWith("data:")) || "data" in record || "file_data" in record;
  if (!isInline) walk.unseen = true;
}
