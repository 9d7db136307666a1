// A request in one row: from the attempts that are on the books, and from decisions that refused or of which nothing is booked yet.
import type { PicoUsd, TokenUsage } from "@waybill/domain";
import { Attribution, type DecisionRecord, RequestSummary } from "@waybill/wire";

/** An attempt as it stands on the books. Empty texts: unknown, or none. */
export interface BookedAttempt {
  attempt: number;
  attribution: Attribution;
  environment: string;
  session: string;
  requestedModel: string;
  route: string;
  routeVersion: number;
  provider: string;
  account: string;
  model: string;
  simulated: boolean;
  outcome: string;
  errorCode: string;
  finishReason: string;
  stream: boolean;
  suspect: boolean;
  tokens: TokenUsage;
  /** Undefined: unknown. */
  costPicoUsd: PicoUsd | undefined;
  /** Its tokens are not the provider's own figure. */
  estimated: boolean;
  firstTokenMs: number;
  durationMs: number;
}

/** A decision that refused, or of whose attempt nothing is on the books yet. */
export interface OpenDecision {
  attempt: number;
  record: DecisionRecord;
}

/** What a request is told by; with neither attempts nor decisions there is none. */
export interface RequestParts {
  requestId: string;
  requestedAtMs: number;
  /** Each in the order of attempts. */
  booked: readonly BookedAttempt[];
  open: readonly OpenDecision[];
}

export function summarise({ requestId, requestedAtMs, booked, open }: RequestParts): RequestSummary {
  const refused = open.findLast(({ record }) => isRefusal(record));
  const pending = open.filter(({ record }) => !isRefusal(record));
  const lastBooked = booked.at(-1);
  const lastPending = pending.at(-1);
  const isPending = lastPending !== undefined && lastPending.attempt > (lastBooked?.attempt ?? -1);
  const end = isPending || !lastBooked ? endOfDecision(lastPending ?? refused) : endOfAttempt(lastBooked);
  return RequestSummary.create({
    ...{ requestId, requestedAtMs: BigInt(requestedAtMs) },
    ...whoOf(booked, open),
    ...end,
    refusalCode: refused?.record.explanation?.refusalCode ?? "",
    attempts: booked.filter(({ attempt }) => attempt > 0).length + pending.filter(({ attempt }) => attempt > 0).length,
    cached: booked.some(({ attempt }) => attempt === 0),
    suspect: booked.some(({ suspect }) => suspect),
    ...sumsOf(booked),
    // Refused: it cost nothing, for certain. Pending: nobody knows yet.
    ...(booked.length === 0 && { costPicoUsd: pending.length === 0 ? "0" : "" }),
  });
}

const isRefusal = ({ explanation }: DecisionRecord): boolean => (explanation?.refusalCode ?? "") !== "";

/** Of an attempt that was lost, nobody may know for whom it was. */
function whoOf(booked: readonly BookedAttempt[], open: readonly OpenDecision[]): Partial<RequestSummary> {
  const first = booked.find(({ attribution }) => attribution.keyId !== "") ?? booked[0];
  if (first) {
    const { attribution, environment, session, requestedModel } = first;
    return { ...namesOf(attribution), environment, session, requestedModel };
  }
  const record = open[0]?.record;
  const features = record?.inputs?.features;
  return {
    ...namesOf(record?.attribution ?? Attribution.create({})),
    environment: record?.attribution?.tags.environment ?? "",
    session: features?.routing?.sessionId ?? "",
    requestedModel: features?.requestedModel ?? "",
  };
}

function namesOf({ costCentre: _, ...names }: Attribution): Partial<RequestSummary> {
  return names;
}

function endOfAttempt(last: BookedAttempt): Partial<RequestSummary> {
  const { route, routeVersion, provider, account, model, simulated, outcome, errorCode, finishReason, stream } = last;
  return {
    ...{ route, routeVersion, provider, account, model, simulated, outcome, errorCode, finishReason, stream },
    firstTokenMs: BigInt(last.firstTokenMs),
  };
}

function endOfDecision(last: OpenDecision | undefined): Partial<RequestSummary> {
  const explanation = last?.record.explanation;
  const refusalCode = explanation?.refusalCode ?? "";
  const routeVersion = explanation?.routeVersion ?? 0;
  return {
    // Without a version it is the name of a model that was asked for.
    route: routeVersion === 0 ? "" : (explanation?.route ?? ""),
    routeVersion,
    provider: explanation?.target?.provider ?? "",
    model: explanation?.target?.model ?? "",
    simulated: explanation?.target?.simulated ?? false,
    outcome: refusalCode === "" ? "pending" : "refused",
    errorCode: refusalCode,
    stream: last?.record.inputs?.features?.stream ?? false,
  };
}

function sumsOf(booked: readonly BookedAttempt[]): Partial<RequestSummary> {
  const tokens = (of: (usage: TokenUsage) => bigint): bigint => booked.reduce((sum, one) => sum + of(one.tokens), 0n);
  const priced = booked.flatMap(({ costPicoUsd, estimated }) =>
    costPicoUsd === undefined ? [] : [{ costPicoUsd, estimated }],
  );
  const cost = (of: typeof priced): string => of.reduce((sum, { costPicoUsd }) => sum + costPicoUsd, 0n).toString();
  return {
    inputTokens: tokens(({ input }) => input),
    cachedInputTokens: tokens(({ cachedInput }) => cachedInput),
    cacheWrite5mTokens: tokens(({ cacheWrite5m }) => cacheWrite5m),
    cacheWrite1hTokens: tokens(({ cacheWrite1h }) => cacheWrite1h),
    outputTokens: tokens(({ output }) => output),
    reasoningOutputTokens: tokens(({ reasoningOutput }) => reasoningOutput),
    costPicoUsd: priced.length === 0 ? "" : cost(priced),
    estimatedCostPicoUsd: cost(priced.filter(({ estimated }) => estimated)),
    unpricedAttempts: booked.length - priced.length,
    durationMs: booked.reduce((sum, { durationMs }) => sum + BigInt(durationMs), 0n),
  };
}
