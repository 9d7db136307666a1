// A message of USAGE as a fact for the books. Free text is bounded and made storable here: what a client can put into a
// name or a tag must never keep what its request cost off the books.
import {
  type Attribution,
  type HoldLine,
  type ReadUsageRecord,
  readUsageRecord,
  type UsageRecord,
} from "@waybill/wire";
import { sessionText } from "../core/decision-row.ts";
import { storable } from "../core/storable-text.ts";
import type { FactAttribution, FactHold, FactPrice, UsageFact } from "../core/usage-fact.ts";
import type { ReadFact } from "../record-usage.ts";

const TAGS_MAX = 64;
const PATH_NODES_MAX = 256;
const HOLDS_MAX = 64;
const EVIDENCE_CHARS_MAX = 8_192;

export const readFact: ReadFact = (data) => {
  const reading = readUsageRecord(data);
  return reading.kind === "poison" ? reading : { kind: "fact", fact: toFact(reading.read) };
};

function toFact({ record, requestedAtMs, source, outcome, tokenSource, attribution, target, usage }: ReadUsageRecord) {
  const fact: UsageFact = {
    requestId: record.requestId,
    attempt: record.attempt,
    requestedAtMs,
    source,
    revision: record.revision,
    outcome,
    costPicoUsd: record.costPicoUsd,
    priced: record.costKnown,
    price: toPrice(record, usage.input),
    tokens: usage,
    tokenSource,
    suspect: record.suspect,
    evidenceJson: storableJson(record.evidenceJson),
    attribution: toAttribution(attribution),
    route: storable(record.route),
    routeVersion: record.routeVersion,
    path: record.path.slice(0, PATH_NODES_MAX).map(storable),
    requestedModel: storable(record.requestedModel),
    provider: storable(target.provider),
    model: storable(target.model),
    upstreamModel: storable(target.upstreamModel),
    simulated: target.simulated,
    holds: record.holds.slice(0, HOLDS_MAX).map(toHold),
    holder: storable(record.holder),
    ingressId: storable(record.ingressId),
    workerId: storable(record.workerId),
    stream: record.stream,
    recordedAtMs: toTimeMs(record.recordedAtMs, requestedAtMs),
    firstTokenMs: record.firstTokenMs,
    durationMs: record.durationMs,
    finishReason: storable(record.finishReason),
    errorCode: storable(record.errorCode),
    providerStatus: record.providerStatus,
    providerAccount: storable(record.account),
    session: storable(sessionOf(record.session, attribution)),
  };
  return fact;
}

/** A record has it behind its organisation. */
function sessionOf(session: string, { organisationId }: Attribution): string {
  const named = session.startsWith(`${organisationId}/`) ? session.slice(organisationId.length + 1) : session;
  return sessionText(named);
}

function toAttribution(wire: Attribution): FactAttribution {
  const tags: Record<string, string> = {};
  for (const [name, value] of Object.entries(wire.tags).slice(0, TAGS_MAX)) tags[storable(name)] = storable(value);
  return {
    organisationId: storable(wire.organisationId),
    organisationName: storable(wire.organisationName),
    teamId: storable(wire.teamId),
    teamName: storable(wire.teamName),
    costCentre: storable(wire.costCentre),
    userId: storable(wire.userId),
    userName: storable(wire.userName),
    keyId: storable(wire.keyId),
    keyName: storable(wire.keyName),
    endUserId: storable(wire.endUserId),
    tags,
  };
}

/** The tier that held for this input, as the worker priced it (costOf in libs/domain). */
function toPrice({ price, costKnown }: UsageRecord, inputTokens: bigint): FactPrice | undefined {
  if (!price || price.version === "" || !costKnown) return undefined;
  const tiers = price.tiers.flatMap(({ aboveInputTokens, rates }) => (rates ? [{ aboveInputTokens, rates }] : []));
  const tier = tiers.findLast(({ aboveInputTokens }, index) => index === 0 || inputTokens > aboveInputTokens);
  return { version: storable(price.version), tier, perRequestPicoUsd: price.perRequestPicoUsd };
}

function toHold(line: HoldLine): FactHold {
  return {
    budgetId: storable(line.budgetId),
    windowId: line.windowId,
    grantId: storable(line.grantId),
    amountPicoUsd: line.amountPicoUsd,
    hard: line.hard,
  };
}

// The recorder's clock may be anything; a time that no calendar has is replaced by the request's.
const TIME_MS_MAX = 4_102_444_800_000n;
function toTimeMs(ms: bigint, otherwiseMs: number): number {
  return ms > 0n && ms < TIME_MS_MAX ? Number(ms) : otherwiseMs;
}

// jsonb takes neither NUL nor half a surrogate pair, however they are escaped.
const UNSTORABLE_JSON = /\0|\\u0000|\\ud[89a-f]/i;

/** JSON text that jsonb takes; what is none is kept as a text inside one. */
function storableJson(json: string): string {
  if (json === "") return "";
  if (json.length <= EVIDENCE_CHARS_MAX && !UNSTORABLE_JSON.test(json)) {
    try {
      JSON.parse(json);
      return json;
    } catch {
      // Falls through: it is text.
    }
  }
  return JSON.stringify({ text: storable(json) });
}
