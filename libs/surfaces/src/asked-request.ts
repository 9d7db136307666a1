// What the gateway reads of a request, whatever surface it came by. Unknown fields are none of its business and pass through.
import type { FieldSpan } from "./json-body/scan-body.ts";
import type { RoutingAsked } from "./routing-config.ts";
import type { SurfaceName } from "./surface-name.ts";

export interface AskedRequest {
  surface: SurfaceName;
  /** The parsed body, with `routing_config`. It has no `__proto__` key at any depth and no field twice at the top. */
  value: Record<string, unknown>;
  /** What goes to the provider: the bytes as they came, without `routing_config`. `fields` and `insertAt` are its own. */
  body: Buffer;
  fields: ReadonlyMap<string, FieldSpan>;
  /** Offset just behind the opening brace: where a field can be inserted. */
  insertAt: number;
  /** `routing_config`; undefined: the body has none. */
  routing: RoutingAsked | undefined;
  model: string;
  stream: boolean;
  /** The client asked for usage in its stream; else it is stripped. */
  wantsUsage: boolean;
  /** For one choice; 0: not said. */
  maxOutputTokens: number;
  /** The body says no limit, and `maxOutputTokens` is the default that came with the reading: it stands in no field of the body. */
  isDefaultLimit: boolean;
  choiceCount: number;
  hasTools: boolean;
  hasJsonSchema: boolean;
  metadata: Readonly<Record<string, string>>;
  /** At most 256 characters; empty: not said. */
  endUserId: string;
  size: InputSize;
  /** It wants embeddings of its input and no answer. */
  wantsEmbeddings: boolean;
  /** The catalogue's prices do not bound what the provider may charge. */
  isPriceUnbounded: boolean;
}

/** How large the input is, for routing and for holds. Never for billing. */
export interface InputSize {
  /**
   * Bytes of the JSON that the model reads. Every byte-level BPE token covers at least one byte of text, and JSON never writes a
   * text in fewer bytes than its UTF-8, so this bounds the tokens.
   */
  textBytes: number;
  /** Messages and tools, or inputs: each costs some tokens of overhead. */
  partCount: number;
  /** Inputs that the model reads apart from each other, each with a context window of its own; at least 1. */
  inputCount: number;
  /** A guess: characters / 4, inline media left out. */
  estimatedTokens: number;
  hasImages: boolean;
  /** Spoken input, also an earlier spoken answer: its tokens have a price of their own. */
  hasAudio: boolean;
  /** Refers to something the body does not show: a file id, a remote picture, a stored prompt. */
  hasUnseenInput: boolean;
}
