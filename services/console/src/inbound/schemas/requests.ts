// The log of requests: what it is filtered by, and a request in a row.
import { z } from "zod";
import { givenUsd, isoTime, limit, modelId, organisation, routeName, usd } from "./basics.ts";

const id = z.string().min(1).max(256).optional();
const flag = (meaning: string) => z.enum(["true", "false"]).default("false").describe(`true: ${meaning}`);
const TAGS_MAX = 16;
const tag = z
  .string()
  .max(1_024)
  .regex(/^[^=]+=/, "must be name=value");

export const listRequestsQuery = z.strictObject({
  organisation: organisation.optional(),
  from: isoTime.optional().describe("Of the request's arrival; default: 24 hours before until"),
  until: isoTime.optional().describe("Exclusive; default: now"),
  ...{ team: id, user: id, key: id, endUser: id, session: id, environment: id },
  tag: z
    .union([tag, z.array(tag).max(TAGS_MAX)])
    .optional()
    .describe("name=value; may be repeated"),
  route: routeName.optional(),
  routeVersion: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
  requestedModel: id.describe("As the client wrote it, such as dynamic/support"),
  model: modelId.optional().describe("The model that answered, <provider>/<model>"),
  ...{ provider: id, account: id },
  outcome: id.describe("success, partial, failed_free, failed_billed, unknown, refused or pending"),
  errorCode: id.describe("A code of docs/errors.md"),
  finishReason: id,
  anyAttempt: flag(
    "what is asked of model, provider, account, outcome, errorCode and finishReason may hold for any attempt",
  ),
  refusal: z.string().max(64).optional().describe("A code of docs/errors.md, or `any`"),
  minCost: givenUsd.optional().describe("At least so many USD, as decimal text"),
  unpriced: flag("an attempt has no known price"),
  suspect: flag("the cost of an attempt is doubtful"),
  fallbacks: flag("there was more than one attempt"),
  cached: flag("answered from the cache"),
  cursor: z.string().max(512).default("").describe("As in the answer before, whose from and until then hold"),
  limit,
});

const text = z.string().nullable();
const who = z.object({ id: z.string(), name: text }).nullable();
export const requestRow = z.object({
  requestId: z.string(),
  at: isoTime.describe("When the request came"),
  organisation: who,
  team: who,
  user: who.describe("Whom the key belongs to"),
  key: who,
  endUser: text,
  session: text,
  environment: text,
  tags: z.record(z.string(), z.string()),
  requestedModel: text.describe("As the client wrote it"),
  route: text.describe("null: a model was asked for directly"),
  routeVersion: z.int().nullable(),
  model: text.describe("Of the last attempt, <provider>/<model>; null: nobody was asked"),
  account: text.describe("The provider's account; null: none was called, or nobody knows which"),
  simulated: z.boolean(),
  outcome: z.string().describe("Of the last attempt; refused: nobody was asked; pending: nothing is on the books yet"),
  errorCode: text,
  finishReason: text,
  refusalCode: text.describe("Of the last decision that refused, also where an attempt was made before it"),
  attempts: z.int().describe("0: refused, or answered from the cache"),
  cached: z.boolean(),
  stream: z.boolean(),
  suspect: z.boolean(),
  inputTokens: z.int().describe("Of all attempts together, as is what follows"),
  cachedInputTokens: z.int(),
  cacheWrite5mTokens: z.int(),
  cacheWrite1hTokens: z.int(),
  outputTokens: z.int(),
  reasoningOutputTokens: z.int(),
  costUsd: usd.nullable().describe("Without the attempts that have no price; null: no cost is known"),
  estimatedCostUsd: usd.describe("Of it, what rests on tokens that are not the provider's own figure"),
  unpricedAttempts: z.int(),
  firstTokenMs: z
    .int()
    .nullable()
    .describe("Of the last attempt, from the beginning of its call; null: no content came"),
  durationMs: z.int().describe("Of all attempts together, each from the beginning of its call to its end"),
});

export const requestPage = z.object({
  requests: z.array(requestRow).describe("Newest first"),
  nextCursor: text.describe(
    "null: everything was looked at. A page may end before it is full, even empty, to answer in time",
  ),
  searchedUntil: isoTime.describe("Back until here everything was looked at"),
});
