// The features of a request that somebody only describes, as the gateway would have found them in a real one.
import { Features, RoutingConfig } from "@waybill/wire";

/** What is said of a request that is not sent. */
export interface DescribedRequest {
  model: string;
  stream: boolean;
  estimatedInputTokens: number;
  maxOutputTokens: number;
  choiceCount: number;
  hasTools: boolean;
  hasImages: boolean;
  hasJsonSchema: boolean;
  wantsEmbeddings: boolean;
  metadata: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  body: Readonly<Record<string, unknown>>;
  sessionId: string;
  routing?:
    | { mode?: string | undefined; models: string[]; requireParameters: boolean; affinity?: string | undefined }
    | undefined;
}

/** UTF-8 bytes of a token of usual text. */
const BYTES_PER_TOKEN = 4;
const PATH = "/v1/chat/completions";
const EMBEDDINGS_PATH = "/v1/embeddings";
/** As the gateway does: x-user-<kebab> is metadata user_<snake>; what may be a credential is nothing. */
const USER_HEADER = /^x-user-[a-z0-9]+(-[a-z0-9]+)*$/;
const SECRET_HEADER = /^(cookie|set-cookie|x-api-key|api-key)$|authorization|token|secret|password/;
/** body.* holds neither text for the model nor its tools. */
const NEVER_IN_BODY: readonly string[] = ["messages", "input", "prompt", "suffix", "system", "tools", "instructions"];

export function describedFeatures(said: DescribedRequest): Features {
  const { stream, choiceCount, hasTools, hasImages, hasJsonSchema, wantsEmbeddings } = said;
  const headers = Object.fromEntries(
    Object.entries(said.headers)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !SECRET_HEADER.test(name)),
  );
  return Features.create({
    ...{ stream, choiceCount, hasTools, hasImages, hasJsonSchema, wantsEmbeddings, headers },
    requestedModel: said.model,
    maxOutputTokens: BigInt(said.maxOutputTokens),
    estimatedInputTokens: BigInt(said.estimatedInputTokens),
    inputTextBytes: BigInt(said.estimatedInputTokens * BYTES_PER_TOKEN),
    inputPartCount: 1,
    metadata: { ...said.metadata, ...userMetadata(headers) },
    bodyJson: JSON.stringify(scalars(said.body)),
    routing: routingOf(said),
    path: wantsEmbeddings ? EMBEDDINGS_PATH : PATH,
  });
}

function userMetadata(headers: Readonly<Record<string, string>>): Record<string, string> {
  const found = Object.entries(headers).filter(([name, value]) => USER_HEADER.test(name) && value !== "");
  return Object.fromEntries(found.map(([name, value]) => [name.slice("x-".length).replaceAll("-", "_"), value]));
}

function scalars(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(body).filter(
    ([name, value]) =>
      !NEVER_IN_BODY.includes(name) && (name === "metadata" || ["string", "number", "boolean"].includes(typeof value)),
  );
  return Object.fromEntries(kept);
}

function routingOf({ routing, sessionId }: DescribedRequest): RoutingConfig | undefined {
  if (!routing && sessionId === "") return undefined;
  const { mode = "", models = [], requireParameters = false, affinity = "" } = routing ?? {};
  const sessionSource = sessionId === "" ? "" : "session_id_payload";
  return RoutingConfig.create({ mode, models, requireParameters, affinity, sessionId, sessionSource });
}
