// Decisions: why a request went where it went, what it cost, and what would be if.
import { AFFINITIES, AUTO_MODES } from "@waybill/routes";
import { z } from "zod";
import { isoTime, limit, modelId, organisation, routeName, usd } from "./basics.ts";
import { requestRow } from "./requests.ts";
import { importBody, routeDocument } from "./routes.ts";

const candidate = z.object({
  model: z.string(),
  node: z.string().describe("The node that named it; empty for a direct model"),
  rejectedBecause: z.string().nullable().describe("null: it was taken, or nobody had to ask it"),
  rejectedCode: z.string().nullable(),
  quality: z.number().nullable().describe("Predicted, where an auto node asked for it"),
  expectedCostUsd: usd.nullable(),
  inBand: z.boolean().describe("Within the band of the best quality, so price decided"),
});
export const explanation = z.object({
  route: z.string().nullable().describe("null: a direct model, an alias or `auto`"),
  routeVersion: z.int().nullable(),
  routeOrganisationId: z.string(),
  path: z.array(z.string()).describe("Nodes walked, as <node> or <node>:<edge taken>"),
  reason: z.string(),
  model: z.string().nullable().describe("null: refused"),
  simulated: z.boolean(),
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
  candidates: z.array(candidate),
  priceVersion: z.string(),
  heldUsd: usd,
  maxOutputTokens: z.int(),
  clamped: z.boolean().describe("The money left made maxOutputTokens smaller"),
  mode: z.string().nullable(),
  sessionAffinity: z.object({ strategy: z.string(), source: z.string(), decision: z.string() }).nullable(),
});

const caller = z.object({
  organisationId: z.string(),
  teamId: z.string(),
  teamName: z.string(),
  userId: z.string(),
  userName: z.string(),
  keyId: z.string(),
  endUserId: z.string(),
  tags: z.record(z.string(), z.string()),
});
const findings = z.array(z.object({ filter: z.string(), kind: z.string(), action: z.string(), count: z.int() }));
const features = z.object({
  model: z.string().describe("As the client wrote it"),
  path: z.string(),
  stream: z.boolean(),
  estimatedInputTokens: z.int(),
  maxOutputTokens: z.int().describe("0: not said"),
  hasTools: z.boolean(),
  hasImages: z.boolean(),
  hasJsonSchema: z.boolean(),
  metadata: z.record(z.string(), z.string()),
  headers: z.record(z.string(), z.string()).describe("Without credentials and cookies"),
  filterFindings: findings.describe("What content filters found in the input, never what it was"),
});
const cost = z.object({
  attemptId: z.string(),
  outcome: z.string(),
  costUsd: usd.nullable().describe("null: unknown"),
  model: z.string(),
  account: z
    .string()
    .nullable()
    .describe("The provider's account that was called, by its id; null: none was, or nobody knows which"),
  inputTokens: z.int(),
  cachedInputTokens: z.int(),
  outputTokens: z.int(),
  reasoningOutputTokens: z.int(),
  cacheWrite5mTokens: z.int(),
  cacheWrite1hTokens: z.int(),
  tokenSource: z.string().describe("provider, counted, estimated, worst_case or none"),
  errorCode: z.string().nullable(),
  finishReason: z.string().nullable(),
  providerStatus: z.int().nullable().describe("HTTP status of the provider's answer; null: there was none"),
  firstTokenMs: z.int().nullable().describe("From the beginning of the call to its first content; null: none came"),
  durationMs: z.int().describe("From the beginning of the call to its end"),
  suspect: z.boolean().describe("The cost is doubtful"),
  upstreamModel: z.string().nullable().describe("How the provider names the model"),
  source: z.string().describe("Whose record stands: worker, lost, ingress or void"),
  priceVersion: z.string().nullable(),
});
export const decision = z.object({
  requestId: z.string(),
  attempt: z.int().describe("1 for the first decision of a request"),
  decidedAt: isoTime,
  routerId: z.string(),
  tookUs: z.int(),
  caller,
  features,
  explanation,
  cost: cost.nullable().describe("null: nothing on the books yet"),
  answerFindings: findings.describe("What content filters found in the answer, a moment after its end"),
});
const inputs = z.object({
  at: isoTime.nullable(),
  draws: z.record(z.string(), z.number()).describe("What each split node drew"),
  budget: z
    .object({
      id: z.string(),
      name: z.string(),
      usedShare: z.number(),
      burnUsdPerHour: z.number(),
      hoursToExhaustion: z.number(),
      remainingUsd: z.number(),
    })
    .nullable()
    .describe("The tightest budget that matched"),
  models: z.array(
    z.object({
      model: z.string(),
      live: z.boolean(),
      circuit: z.string(),
      errorShare: z.number(),
      firstTokenMs: z.int(),
      version: z.int(),
    }),
  ),
  holds: z.array(z.object({ model: z.string(), verdict: z.string(), heldUsd: usd, limitNode: z.string() })),
  sessionModel: z.string(),
  failedAttempt: z.int(),
  failureCode: z.string(),
});

const attemptSavings = z.object({
  attempt: z.int(),
  comparison: z
    .enum(["compared", "kept", "direct", "unpriced", "unmeasured", "no_baseline", "no_baseline_price"])
    .describe("compared, or why not"),
  baselineModel: z.string().nullable(),
  baselineKind: z.string().nullable().describe("model or costliest_candidate"),
  baselineVersion: z.int().nullable(),
  baselineCostUsd: usd.nullable().describe("With the same tokens; 0 for an attempt that served nobody"),
  savedUsd: usd.nullable().describe("Below zero: it cost more than the baseline"),
  lostCacheReadsAtMostUsd: usd.nullable().describe("Not in savedUsd"),
  keptAnswerSavedUsd: usd.nullable().describe("Of an answer that was kept and given again: what its call had cost"),
});

const requestId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "is the id of no request");
export const requestParams = z.strictObject({ id: requestId });
export const requestDetail = z.object({
  requestId: z.string(),
  request: requestRow.nullable().describe("As in the list; null: all that is known of it is a decision"),
  decisions: z.array(decision.extend({ inputs: inputs.nullable() })).describe("In the order of their attempts"),
  otherAttempts: z.array(cost).describe("Attempts without a decision record"),
  savings: z.array(attemptSavings).describe("Of each attempt on the books, in order"),
});
export const listDecisionsQuery = z.strictObject({
  organisation: organisation.optional(),
  route: routeName.optional(),
  team: z.string().max(128).optional(),
  model: modelId.optional(),
  refusal: z.string().max(64).optional().describe("A code of docs/errors.md, or `any`"),
  from: isoTime.optional(),
  until: isoTime.optional(),
  firstOnly: z.enum(["true", "false"]).default("false").describe("Only first decisions of requests"),
  cursor: z.string().max(512).default(""),
  limit,
});
export const decisionPage = z.object({
  decisions: z.array(decision).describe("Newest first"),
  nextCursor: z.string().nullable().describe("null: there is no more"),
});

export const replayBody = z.strictObject({ attempt: z.int().min(1).max(10_000).default(1) }).optional();
export const replayed = z.object({
  same: z.boolean().describe("The bytes are those of the recorded explanation"),
  differences: z.array(z.string()).describe("What differs in the catalogue since"),
  recorded: explanation,
  explanation,
});

const texts = z.record(z.string().max(256), z.string().max(4_096));
export const simulatedRequest = z.strictObject({
  model: z.string().max(256).optional().describe("As a client would write it; absent: the route"),
  stream: z.boolean().default(false),
  estimatedInputTokens: z.int().min(0).max(100_000_000).default(100),
  maxOutputTokens: z.int().min(0).max(100_000_000).default(0).describe("0: not said"),
  choiceCount: z.int().min(1).max(128).default(1),
  hasTools: z.boolean().default(false),
  hasImages: z.boolean().default(false),
  hasJsonSchema: z.boolean().default(false),
  wantsEmbeddings: z.boolean().default(false).describe("It is asked at /v1/embeddings, not as a chat"),
  metadata: texts.default({}),
  headers: texts.default({}).describe("x-user-<name> is metadata, too, as at the gateway"),
  body: z.record(z.string(), z.unknown()).default({}).describe("Top-level texts, numbers and booleans"),
  sessionId: z.string().max(256).default(""),
  routing: z
    .strictObject({
      mode: z.enum(AUTO_MODES).optional(),
      models: z.array(z.string().max(256)).max(100).default([]),
      requireParameters: z.boolean().default(false),
      affinity: z.enum(AFFINITIES).optional(),
    })
    .optional(),
  caller: z
    .strictObject({
      organisationId: z.string().max(128).optional(),
      teamId: z.string().max(128).default(""),
      userId: z.string().max(128).default(""),
      keyId: z.string().max(128).default(""),
      endUserId: z.string().max(256).default(""),
      tags: texts.default({}),
    })
    .optional(),
  allowedModels: z.array(z.string().max(256)).max(1_000).default([]).describe("Empty: all"),
});
export const simulateBody = z
  .strictObject({
    route: routeName.optional().describe("What is deployed under this name, or the name of the draft"),
    document: routeDocument.optional().describe("A draft to try"),
    request: simulatedRequest,
  })
  .refine(({ route, document, request }) => (route ?? document ?? request.model) !== undefined, {
    error: "give a route, a document or a model",
    path: ["route"],
  });
export const simulated = z.object({ explanation });

export const planBody = z
  .strictObject({
    route: routeName.describe("Whose recorded decisions are asked"),
    document: routeDocument.optional().describe("Either this or `import`"),
    import: importBody.optional(),
    team: z.string().max(128).optional(),
    from: isoTime.optional(),
    until: isoTime.optional(),
    cursor: z.string().max(512).default("").describe("As in the answer before"),
    limit: z.int().min(1).max(1_000).default(500),
  })
  .refine(({ document, import: imported }) => (document === undefined) !== (imported === undefined), {
    error: "give either document or import",
    path: ["document"],
  });
const outcome = z.object({
  model: z.string().nullable().describe("null: refused"),
  refusalCode: z.string().nullable(),
  costUsd: usd.nullable().describe("null: unknown, or nothing on the books"),
});
export const plan = z.object({
  requests: z
    .array(
      z.object({
        requestId: z.string(),
        decidedAt: isoTime,
        teamId: z.string(),
        teamName: z.string(),
        changed: z.boolean().describe("Another model, or a refusal where there was none, or the other way round"),
        before: outcome,
        after: outcome.describe("With the tokens that were used, at the new model's present price"),
      }),
    )
    .describe("Newest first; only first decisions"),
  nextCursor: z.string().nullable().describe("null: there is no more"),
});
