// Savings over gRPC: what is compared with, and what a month saved.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type { Log } from "@waybill/service";
import {
  Baseline,
  type DeclareBaselineRequest,
  fromWirePrice,
  type GetSavingsRequest,
  type LedgerServiceServer,
  type ListBaselinesRequest,
} from "@waybill/wire";
import { readMonth } from "../core/close-rules.ts";
import { filterText } from "../core/decision-row.ts";
import { SAVINGS_FIELDS, type SavingsQuestion, savingsField } from "../core/savings-question.ts";
import { BASELINE_KINDS, type DeclareBaseline, declareBaseline } from "../declare-baseline.ts";
import type { PostgresBaselines } from "../outbound/postgres-baselines.ts";
import type { Savings } from "../outbound/postgres-savings.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";

const MODELS_MAX = 1_000;
const REASON_CHARACTERS_MAX = 1_000;
const DAYS_AHEAD_MAX = 366;
const DAY_MS = 86_400_000;

export function answerAboutSavings(
  baselines: PostgresBaselines,
  savings: Savings,
  log: Log,
  onError: OnError,
): Pick<LedgerServiceServer, "declareBaseline" | "listBaselines" | "getSavings"> {
  const declare = async (request: DeclareBaselineRequest): Promise<Baseline> => {
    const wish = readDeclaration(request, Date.now());
    const added = await orUnavailable(declareBaseline(baselines, wish), onError);
    const { organisationId, route, version, kind, fromDay, by } = added;
    log.info({ organisation: organisationId, route, version, kind, from: fromDay, by }, "a baseline is declared");
    const listed = await orUnavailable(baselines.list(organisationId), onError);
    const found = listed.find(
      (one) => one.organisationId === organisationId && one.route === route && one.version === version,
    );
    return found ?? Baseline.create({ organisationId, route, version, kind, fromDay });
  };
  return {
    declareBaseline: unary(declare, onError),
    listBaselines: unary(async ({ organisationId }: ListBaselinesRequest) => {
      return { baselines: await orUnavailable(baselines.list(filterText(organisationId)), onError) };
    }, onError),
    getSavings: unary(
      (request: GetSavingsRequest) => orUnavailable(savings.sum(readQuestion(request)), onError),
      onError,
    ),
  };
}

function readQuestion({ organisationId, month, by, simulated }: GetSavingsRequest): SavingsQuestion {
  const field = savingsField(by || "route");
  if (!field) throw invalid("by", `It is one of ${SAVINGS_FIELDS.join(", ")}.`);
  return { organisationId: filterText(organisationId), month: readMonth(month), by: field, isSimulated: simulated };
}

/** Throws invalid_value with the field at fault. */
function readDeclaration(request: DeclareBaselineRequest, nowMs: number): DeclareBaseline {
  const { change, route, routeVersion, models, fromDay } = request;
  const kind = BASELINE_KINDS.find((known) => known === request.kind);
  if (!kind) throw invalid("kind", `It is one of ${BASELINE_KINDS.join(", ")}.`);
  const countMax = { model: 1, costliest_candidate: MODELS_MAX, none: 0 }[kind];
  if (models.length > countMax || (kind !== "none" && models.length === 0)) {
    throw invalid("models", `It takes ${countMax === 0 ? "none" : `1 to ${countMax}`}.`);
  }
  if (kind === "costliest_candidate" && (route === "" || routeVersion === 0)) {
    throw invalid("route", "Candidates are those of a version of a route.");
  }
  return {
    ...{ kind, routeVersion, fromDay: readDay(fromDay, nowMs), route: filterText(route) },
    organisationId: filterText(change?.organisationId ?? ""),
    by: filterText(change?.actor?.name ?? ""),
    reason: (change?.reason ?? "").slice(0, REASON_CHARACTERS_MAX).replaceAll("\0", ""),
    models: models.map(({ model, prices }) => ({
      model: filterText(model),
      prices: prices.flatMap(({ effectiveFromMs, price: wire }) => {
        const price = fromWirePrice(wire);
        return price && price.tiers.length > 0 ? [{ effectiveFromMs: Number(effectiveFromMs), price }] : [];
      }),
    })),
  };
}

function readDay(text: string, nowMs: number): string {
  if (text === "") return "";
  const ms = /^20\d\d-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) {
    throw invalid("from", "A day is written as 2026-11-28.");
  }
  if (ms > nowMs + DAYS_AHEAD_MAX * DAY_MS) throw invalid("from", "It is more than a year ahead.");
  return text;
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}
