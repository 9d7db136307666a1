// Messages to operations. Everything is bounded and judged here; what cannot be true never reaches the books.
import { parseAttemptId, uuidV7TimeMs, WaybillError } from "@waybill/domain";
import {
  BudgetUnit,
  type GrantClosing,
  type HoldLine,
  type HoldWithdrawal,
  JournaledAttempt,
  type LimitDefinition,
  readUsageRecord,
  TokenSource,
  type UsageRecord,
  type AskGrant as WireAskGrant,
  type HoldAsk as WireHoldAsk,
  type PlaceHold as WirePlaceHold,
} from "@waybill/wire";
import type {
  AskGrant,
  Caller,
  CloseGrant,
  HoldAsk,
  JournalAttempt,
  LimitSpec,
  Line,
  PlaceHold,
  TemplateCounter,
  Unit,
  WithdrawHold,
} from "../core/operation.ts";
import type { Reading } from "../ports.ts";

const ID_CHARS_MAX = 200;
const LINES_MAX = 64;
/** A grant is renewed within seconds; a day is an error of its asker. */
const GRANT_LIFE_MS_MAX = 3_600_000;
const HOLD_LIFE_MS_MAX = 86_400_000;

export function fromWireAskGrant(wire: WireAskGrant, holder: string): AskGrant {
  if (uuidV7TimeMs(wire.grantId) === undefined) throw invalid("grant_id is no UUIDv7");
  return {
    kind: "ask_grant",
    grantId: wire.grantId,
    holder: id(holder, "holder"),
    budgetId: id(wire.budgetId, "budget_id"),
    needPicoUsd: amount(wire.needPicoUsd, "need_pico_usd"),
    wantPicoUsd: amount(wire.wantPicoUsd, "want_pico_usd"),
    lifeMs: life(wire.lifeMs, GRANT_LIFE_MS_MAX, "life_ms"),
    holdLifeMs: life(wire.holdLifeMs, HOLD_LIFE_MS_MAX, "hold_life_ms"),
    isReserve: wire.isReserve,
    limit: wire.limit && fromWireLimit(wire.limit),
    template: fromWireTemplate(wire),
  };
}

export function fromWirePlaceHold(wire: WirePlaceHold): PlaceHold {
  if (wire.asks.length > LINES_MAX) throw invalid(`more than ${LINES_MAX} asks`);
  const asks = wire.asks.map(fromWireHoldAsk);
  if (new Set(asks.map(({ budgetId }) => budgetId)).size < asks.length) throw invalid("a budget is asked twice");
  return {
    kind: "place_hold",
    attemptId: attempt(wire.attemptId),
    holder: id(wire.holder, "holder"),
    asks,
    cut: fromWireLines(wire.cut),
    lifeMs: life(wire.lifeMs, HOLD_LIFE_MS_MAX, "life_ms"),
    recalled: [],
    message: wire.attempt ? JournaledAttempt.encode(wire.attempt).finish() : new Uint8Array(),
  };
}

export function fromWireJournaledAttempt(wire: JournaledAttempt): JournalAttempt {
  return {
    kind: "journal_attempt",
    attemptId: attempt(wire.attemptId),
    holder: id(wire.holder, "holder"),
    lines: fromWireLines(wire.holds),
    holdLifeMs: life(wire.holdLifeMs, HOLD_LIFE_MS_MAX, "hold_life_ms"),
    message: JournaledAttempt.encode(wire).finish(),
  };
}

export function fromWireWithdrawal(wire: HoldWithdrawal): WithdrawHold {
  return { kind: "withdraw_hold", attemptId: attempt(wire.attemptId), holder: id(wire.holder, "holder") };
}

export function fromWireClosing(wire: GrantClosing): CloseGrant {
  return {
    kind: "close_grant",
    grantId: id(wire.grantId, "grant_id"),
    debitedPicoUsd: amount(wire.debitedPicoUsd, "debited_pico_usd"),
  };
}

/** A message of USAGE as a settlement, or why it never can be one. Never throws. */
export function readSettlement(data: Uint8Array): Reading {
  const reading = readUsageRecord(data);
  if (reading.kind === "poison") return reading;
  const { record, source, outcome } = reading.read;
  try {
    const lines = fromWireLines(record.holds);
    const holder = lines.length === 0 ? record.holder.slice(0, ID_CHARS_MAX) : id(record.holder, "holder");
    const { recordId, attemptId, costPicoUsd, costKnown, usage, tokenSource } = record;
    const tokens = (usage?.input ?? 0n) + (usage?.output ?? 0n);
    const isWorstCase = tokenSource === TokenSource.WORST_CASE;
    const cost = { costPicoUsd, costKnown, tokens, isWorstCase };
    return {
      kind: "record",
      settle: {
        kind: "settle_record",
        recordId,
        attemptId,
        source,
        revision: record.revision,
        outcome,
        ...cost,
        holder,
        lines,
        caller: callerOf(record),
        unpriced: costKnown ? undefined : unpricedOf(record),
      },
    };
  } catch (error) {
    return { kind: "poison", reason: error instanceof WaybillError ? error.publicMessage : "unreadable" };
  }
}

function unpricedOf({ attribution, target }: UsageRecord): { organisationId: string; model: string } {
  const model = label(`${target?.provider}/${target?.model}`);
  return { organisationId: attribution?.organisationId ?? "", model };
}

/** Of a session. What a client names it may hold anything. */
function callerOf({ session, attribution, usage }: UsageRecord): Caller | undefined {
  const named = label(session);
  if (named === "") return undefined;
  const { organisationId = "", keyId = "" } = attribution ?? {};
  return { organisationId, session: named, keyId: label(keyId), inputTokens: usage?.input ?? 0n };
}

/** Lines with the same budget and grant count as one, so that the books know each by those two. */
function fromWireLines(wire: readonly HoldLine[]): Line[] {
  if (wire.length > LINES_MAX) throw invalid(`more than ${LINES_MAX} lines`);
  const lines = new Map<string, Line>();
  for (const { budgetId, windowId, grantId, amountPicoUsd } of wire) {
    const line: Line = {
      budgetId: id(budgetId, "budget_id"),
      windowId,
      grantId: grantId === "" ? "" : id(grantId, "grant_id"),
      amountPicoUsd: amount(amountPicoUsd, "amount_pico_usd"),
    };
    const key = `${line.budgetId}\n${line.grantId}`;
    const known = lines.get(key);
    if (known && known.windowId !== windowId) throw invalid("one budget's lines are of different windows");
    lines.set(key, known ? { ...known, amountPicoUsd: known.amountPicoUsd + line.amountPicoUsd } : line);
  }
  return [...lines.values()];
}

function fromWireHoldAsk(wire: WireHoldAsk): HoldAsk {
  const ask = {
    budgetId: id(wire.budgetId, "budget_id"),
    wantPicoUsd: amount(wire.wantPicoUsd, "want_pico_usd"),
    leastPicoUsd: amount(wire.leastPicoUsd, "least_pico_usd"),
    boundedByShare: wire.boundedByShare,
    limit: wire.limit && fromWireLimit(wire.limit),
    template: fromWireTemplate(wire),
  };
  if (ask.leastPicoUsd > ask.wantPicoUsd) throw invalid("least_pico_usd is more than want_pico_usd");
  return ask;
}

const UNITS = new Map<BudgetUnit, Unit>([
  [BudgetUnit.UNSPECIFIED, "usd"],
  [BudgetUnit.REQUESTS, "requests"],
  [BudgetUnit.TOKENS, "tokens"],
]);
const WINDOW_KINDS = new Set(["day", "week", "month", "quarter", "year", "fixed", "total"]);
const AMOUNT = /^\d{1,30}$/;

function fromWireLimit(wire: LimitDefinition): LimitSpec {
  const { organisationId, route, node, keyValue, windowKind, windowSeconds } = wire;
  const unit = UNITS.get(wire.unit);
  if (!unit) throw invalid("limit.unit is no unit");
  if (!AMOUNT.test(wire.amount)) throw invalid("limit.amount is no amount");
  if (!WINDOW_KINDS.has(windowKind)) throw invalid("limit.window_kind is no kind of window");
  if ((windowKind === "fixed") !== windowSeconds > 0n)
    throw invalid("limit.window_seconds does not fit the kind of window");
  return {
    name: `${id(route, "limit.route")}/${id(node, "limit.node")} ${label(keyValue)}`.trimEnd(),
    organisationId: id(organisationId, "limit.organisation_id"),
    route,
    unit,
    amount: BigInt(wire.amount),
    windowKind,
    windowSeconds,
  };
}

function fromWireTemplate(wire: { templateId: string; templateValue: string }): TemplateCounter | undefined {
  if (wire.templateId === "") return undefined;
  const value = id(wire.templateValue, "template_value");
  return { templateId: id(wire.templateId, "template_id"), value };
}

/** What stands in a request may hold anything; in a name it is for people only, the counter's id tells values apart. */
function label(text: string): string {
  return text.replace(/\p{Cc}/gu, "").slice(0, ID_CHARS_MAX);
}

function id(text: string, field: string): string {
  // Postgres cannot store NUL; no id of ours has any control character.
  if (text === "" || text.length > ID_CHARS_MAX || /\p{Cc}/u.test(text)) throw invalid(`${field} is no id`);
  return text;
}

function attempt(text: string): string {
  if (parseAttemptId(text) === undefined) throw invalid("attempt_id is not <request_id>.<attempt>");
  return text;
}

function amount(value: bigint, field: string): bigint {
  if (value < 0n) throw invalid(`${field} is negative`);
  return value;
}

function life(value: bigint, max: number, field: string): number {
  if (value <= 0n || value > BigInt(max)) throw invalid(`${field} must be from 1 to ${max}`);
  return Number(value);
}

function invalid(publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage });
}
