// THE STORY: authenticate, read, ask for a decision, put a waybill on the queue, relay what comes back; on a failure before
// the first byte, ask what is next. Every way out of here either closes an attempt or leaves it to a worker that was told `go`.
import { type Clock, type ErrorCode, WaybillError } from "@waybill/domain";
import type { Found } from "@waybill/filters";
import type { AskedRequest, Surface } from "@waybill/surfaces";
import type { DecideRequest, DecideResponse, Decision, VirtualKey } from "@waybill/wire";
import { carry } from "./carry.ts";
import { headOf } from "./core/answer-head.ts";
import { type CachedAnswer, cachedAnswer } from "./core/cached-answer.ts";
import { countFirst } from "./core/count-first.ts";
import { DefaultedClient } from "./core/defaulted-client.ts";
import { FailedAccounts } from "./core/failed-accounts.ts";
import { mayHaveNext } from "./core/fallback-codes.ts";
import { featuresOf, forwardedHeaders, type RequestHeaders } from "./core/features.ts";
import { filterInput } from "./core/filter-input.ts";
import { type FilterCount, FilterTally } from "./core/filter-tally.ts";
import { KeepingClient } from "./core/keeping-client.ts";
import type { KeptAnswer } from "./core/kept-answer.ts";
import { idempotencyKey } from "./core/kept-request.ts";
import { checkRoute, checkSurface } from "./core/key-limits.ts";
import { keptRecord, makeWaybill } from "./core/make-waybill.ts";
import { decisionOf } from "./core/refusal-error.ts";
import type { AttemptEnd } from "./core/relay.ts";
import type {
  AnswerCache,
  AnswerHead,
  AskWebhook,
  Attempts,
  Authenticate,
  Client,
  CountTokens,
  Decisions,
  Entered,
  OnceOnly,
  Pause,
  Policies,
  PublishWaybill,
  RecordFindings,
  RecordUsage,
  SelectFilters,
  Turn,
} from "./ports.ts";
import { type Cacheable, cacheable, serveCached } from "./serve-cached.ts";

export interface ServePorts {
  authenticate: Authenticate;
  decisions: Decisions;
  selectFilters: SelectFilters;
  askWebhook: AskWebhook;
  attempts: Attempts;
  publishWaybill: PublishWaybill;
  recordUsage: RecordUsage;
  recordFindings: RecordFindings;
  pause: Pause;
  onceOnly: OnceOnly;
  cache: AnswerCache;
  policies: Policies;
  countTokens: CountTokens;
  clock: Clock;
}

export interface ServeLimits {
  claimTimeoutMs: number;
  answerBytesMax: number;
  /** A larger answer is not kept for its Idempotency-Key. */
  keptAnswerBytesMax: number;
}

/** One request as it came in; `presentedKey` is what the client sent as its API key. */
export interface Call {
  surface: Surface;
  requestId: string;
  ingressId: string;
  headers: RequestHeaders;
  presentedKey: string | undefined;
  /** Lets the body in. Throws WaybillError: body_too_large, overloaded, request_timeout, client_gone. */
  readBody(): Promise<Buffer>;
  traceparent: string;
}

/** What the log line and the metrics say about a served request. */
export interface Served {
  requestedModel: string;
  key: VirtualKey | undefined;
  decision: Decision | undefined;
  end: AttemptEnd | undefined;
  /** `ok`, or the code the client was shown (or would have been, had it stayed). */
  code: ErrorCode | "ok";
  /** What content filters found, in the request and in the answer. */
  findings: readonly FilterCount[];
}

/** One request on its way through here. */
export interface Story {
  call: Call;
  client: Client;
  ports: ServePorts;
  limits: ServeLimits;
  served: Served;
  request: DecideRequest;
  asked: AskedRequest;
  forwardedHeaders: Record<string, string>;
  /** Set where its answer may be an earlier one's, and is kept for later ones. */
  cacheable: Cacheable | undefined;
  tally: FilterTally;
  /** Of a request with an Idempotency-Key. */
  turn: Turn | undefined;
}

/** More attempts than any route has targets; a router that never stops answering must not loop us. */
const ATTEMPTS_MAX = 16;

/** Serves one request to its end. Never throws: what goes wrong is told to the client and returned. */
export async function serve(call: Call, client: Client, ports: ServePorts, limits: ServeLimits): Promise<Served> {
  const tally = new FilterTally();
  const served: Served = {
    ...{ requestedModel: "", key: undefined, decision: undefined, end: undefined, code: "ok" as const },
    get findings() {
      return tally.counts;
    },
  };
  // One that goes on for an ingress that died keeps its id.
  let requestId = call.requestId;
  try {
    const key = await ports.authenticate(call.presentedKey);
    served.key = key;
    checkSurface(key, call.surface.name);
    // Only now: what a stranger sends takes no memory.
    const came = call.surface.readRequest(await call.readBody(), key.maxOutputTokensDefault);
    served.requestedModel = came.model;
    checkRoute(key, came.model);
    const asked = await filtered(call, key, came, ports, tally);
    const request = decideRequest(call, key, asked, tally);
    const forwarded = forwardedHeaders(call.surface, call.headers);
    const wish = cacheable(request, asked, call.headers, forwarded, ports);
    // The same request is the same before any filter.
    const entered = await enter(call, key, came, ports);
    const turn = entered?.kind === "go" ? entered.turn : undefined;
    if (turn) requestId = turn.requestId;
    const told = asked.isDefaultLimit ? new DefaultedClient(client, asked.maxOutputTokens) : client;
    const story = { call, client: told, ports, limits, served, request, asked, tally };
    const whole = { ...story, forwardedHeaders: forwarded, cacheable: wish, turn };
    if (entered?.kind === "replay") replay(entered.answer, told);
    else if (turn) await serveOnce(whole, turn);
    else await answer(whole);
    if (served.end?.kind === "client_gone") served.code = "client_gone";
    if (served.end?.kind === "stopped") served.code = "budget_exceeded";
  } catch (thrown) {
    const error = WaybillError.from(thrown);
    served.code = client.isGone ? "client_gone" : error.code;
    client.fail(error, served.decision?.target && headWith(served.decision, tally));
  }
  noteFindings(served, requestId, tally, ports);
  return served;
}

/** Of the answer: what was found in the request is in the decision's own record. */
function noteFindings(
  { key, decision }: Served,
  requestId: string,
  tally: FilterTally,
  { recordFindings, clock }: ServePorts,
): void {
  const findings = tally.inAnswer;
  if (!decision || findings.length === 0) return;
  const organisationId = key?.attribution?.organisationId ?? "";
  recordFindings({
    ...{ requestId, attempt: decision.attempt, organisationId, findings },
    foundAtMs: BigInt(clock.unixMs()),
  });
}

/** The request as it goes on, with what was found on the tally. One that a filter blocks is decided too: the router refuses it. */
async function filtered(
  { surface, requestId }: Call,
  { attribution }: VirtualKey,
  asked: AskedRequest,
  { selectFilters, askWebhook }: ServePorts,
  tally: FilterTally,
): Promise<AskedRequest> {
  const filters = selectFilters("input", attribution?.organisationId ?? "", asked.model);
  if (!filters) return asked;
  const onFound = (found: Found): void => tally.add("input", found);
  return filterInput(asked, { surface, filters, requestId, askWebhook, onFound });
}

function decideRequest(call: Call, key: VirtualKey, asked: AskedRequest, tally: FilterTally): DecideRequest {
  const endUserHeader = call.headers["x-user-id"];
  const endUserId = typeof endUserHeader === "string" && endUserHeader !== "" ? endUserHeader : asked.endUserId;
  return {
    requestId: call.requestId,
    ingressId: call.ingressId,
    attribution: key.attribution && { ...key.attribution, endUserId: endUserId.slice(0, 256) },
    features: tally.told(featuresOf(asked, call.surface.path, call.headers, key.metadata)),
    allowedModels: key.allowedModels,
  };
}

/** Undefined: the request has no Idempotency-Key. */
async function enter(
  call: Call,
  { keyId, attribution }: VirtualKey,
  asked: AskedRequest,
  { onceOnly }: ServePorts,
): Promise<Entered | undefined> {
  const presented = idempotencyKey(call.headers["idempotency-key"]);
  if (presented === undefined) return undefined;
  const { requestId, surface } = call;
  const organisationId = attribution?.organisationId ?? "";
  return onceOnly.enter({
    ...{ requestId, organisationId, keyId, idempotencyKey: presented },
    ...{ path: surface.path, body: asked.body },
  });
}

function replay(kept: KeptAnswer, client: Client): void {
  client.rename(kept.requestId);
  giveAgain(kept, { ...kept.head, isReplayed: true }, kept.costUsd, client);
}

function giveAgain(kept: KeptAnswer, head: AnswerHead, costUsd: string, client: Client): void {
  const { isStream, status, contentType, body } = kept;
  if (!isStream) {
    client.answer(head, status, contentType, [body], costUsd);
    return;
  }
  client.stream(head, body);
  client.endStream();
}

/** The turn is given back unless an answer was kept: who asks again then begins anew. */
async function serveOnce(story: Story, turn: Turn): Promise<void> {
  const { call, ports, limits } = story;
  story.client.rename(turn.requestId);
  const client = new KeepingClient(story.client, {
    requestId: turn.requestId,
    bytesMax: limits.keptAnswerBytesMax,
    keep: (answer) => turn.answered(answer),
  });
  const request = { ...story.request, requestId: turn.requestId };
  try {
    const ours = { ...story, request, client };
    if (turn.last) {
      const lost = { resumeToken: turn.last.resumeToken, failedAttempt: turn.last.attempt };
      const failure = { failureCode: "worker_lost", retryAfterMs: 0, otherAccount: false };
      const counted = await countFirst(request, story.asked, ports.countTokens, (as) =>
        ports.decisions.next({ request: as, ...lost, ...failure }, call.traceparent),
      );
      await carryOn({ ...ours, request: counted.request }, decisionOf(counted.response));
    } else await answer(ours);
    await client.settled;
  } finally {
    if (!client.isKept) await turn.release();
  }
}

/** From what was kept, where that is asked for; else from a provider. */
async function answer(story: Story): Promise<void> {
  const { call, client, ports, limits, request, asked, served, cacheable: wish } = story;
  const begin = async (to: Client): Promise<void> => {
    const ask = (as: DecideRequest): Promise<DecideResponse> => ports.decisions.decide(as, call.traceparent);
    const counted = await countFirst(request, asked, ports.countTokens, ask);
    await carryOn({ ...story, client: to, request: counted.request }, decisionOf(counted.response));
  };
  if (!wish) return begin(client);
  await serveCached({
    ...{ ...wish, client, cache: ports.cache },
    ...{ requestId: request.requestId, answerBytesMax: limits.keptAnswerBytesMax },
    give: (kept) => giveKept(story, kept),
    async carry(to, kept) {
      await begin(to);
      const { end, decision } = served;
      const whole = kept();
      if (end?.kind !== "complete" || !decision || !whole) return undefined;
      // While a deployment spreads, a router may have gone by another version than the fingerprint says.
      if (decision.routeVersion !== wish.routeVersion) return undefined;
      return cachedAnswer(whole, decision, end.finished, asked.maxOutputTokens > 0, ports.clock.unixMs());
    },
  });
}

/** A kept answer is a request like any other, except that it costs nothing: attempt 0. False: it may not be given. */
async function giveKept(
  { call, client, ports, request, asked, served, tally }: Story,
  kept: CachedAnswer,
): Promise<boolean> {
  const features = request.features && { ...request.features, keptModel: kept.givenBy };
  const { outcome } = await ports.decisions.decide({ ...request, features }, call.traceparent);
  if (outcome?.$case !== "decision") return false;
  const decision = outcome.value;
  const nowMs = ports.clock.unixMs();
  served.decision = decision;
  ports.recordUsage(keptRecord(makeWaybill(request, asked, decision), kept, nowMs));
  const cacheAgeSeconds = Math.max(0, Math.floor((nowMs - kept.keptAtMs) / 1_000));
  const hit = { cache: "hit", cacheAgeSeconds, savedUsd: kept.costUsd, droppedFields: kept.head.droppedFields };
  giveAgain(kept, { ...kept.head, ...headWith(decision, tally), ...hit }, "0", client);
  return true;
}

/** Attempt after attempt, until one is an answer or nothing is left. */
async function carryOn(story: Story, first: Decision): Promise<void> {
  const { served, turn } = story;
  const failedAccounts = new FailedAccounts();
  for (let decision = first; ; ) {
    served.decision = decision;
    await turn?.attempting(decision.attempt, decision.resumeToken);
    const end = await carry(story, decision, failedAccounts.of(decision));
    served.end = end;
    if (end.kind !== "failed") return;
    failedAccounts.add(decision, end.account);
    decision = await nextDecision(story, decision, end);
  }
}

function headWith(decision: Decision, { header }: FilterTally): AnswerHead {
  return header === "" ? headOf(decision) : { ...headOf(decision), filters: header };
}

/** The fallback for a failed attempt. Throws the failure itself where there is none or it is too late for one. */
async function nextDecision(
  story: Story,
  failed: Decision,
  { error, account }: AttemptEnd & { kind: "failed" },
): Promise<Decision> {
  const { call, client, ports, asked } = story;
  const isFinal = client.hasContent || client.isGone || !mayHaveNext(error.code);
  if (isFinal || failed.resumeToken.length === 0 || failed.attempt >= ATTEMPTS_MAX) throw error;
  const failure = {
    failureCode: error.code,
    retryAfterMs: error.retryAfterMs ?? 0,
    otherAccount: account.otherAccount,
  };
  const after = { ...failure, resumeToken: failed.resumeToken, failedAttempt: failed.attempt };
  const { response, request } = await countFirst(story.request, asked, ports.countTokens, (as) =>
    ports.decisions.next({ ...after, request: as }, call.traceparent),
  );
  story.request = request;
  // A refused fallback explains less than the failure that made it necessary, unless it is about money.
  if (response.outcome?.$case === "refusal" && response.outcome.value.code !== "budget_exceeded") throw error;
  return decisionOf(response);
}
