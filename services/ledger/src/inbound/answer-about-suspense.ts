// What waits for a price, and re-pricing when somebody asks for it, over gRPC.
import { formatUsd, parseAttemptId, WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type { Log } from "@waybill/service";
import type { Pool } from "@waybill/store";
import {
  type LedgerServiceServer,
  type ListUnpricedRequest,
  type ListUnpricedResponse,
  type RepriceRequest,
  RepriceResponse,
  UnpricedModel,
} from "@waybill/wire";
import { type WaitingModel, waitingModels } from "../outbound/postgres-revisions.ts";
import { type AttemptPlace, type RepricePorts, type RepriceReport, reprice } from "../reprice.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";

export type SuspenseAnswers = Pick<LedgerServiceServer, "listUnpriced" | "reprice">;

const LOOKED_MAX = 20_000;
const DAY_MS = 86_400_000;

/** `pricing`: undefined until the bus was there for the first time. */
export function answerAboutSuspense(
  pool: Pool,
  pricing: () => RepricePorts | undefined,
  log: Log,
): (onError: OnError) => SuspenseAnswers {
  const list = async ({ organisationId }: ListUnpricedRequest): Promise<ListUnpricedResponse> => {
    const models = await waitingModels(pool, organisationId);
    return {
      models: models.map((waiting) => ({ ...UnpricedModel.create(waiting), state: stateOf(waiting, pricing()) })),
    };
  };

  const change = async (request: RepriceRequest): Promise<RepriceResponse> => {
    const ports = pricing();
    if (!ports) throw new WaybillError("usage_unavailable", { publicMessage: "The price lists are not there yet." });
    const { provider, model, dryRun } = request;
    const [fromMs, untilMs] = [Number(request.fromMs), Number(request.untilMs)];
    if (provider === "" || model === "") throw invalid("model", "A model is written as <provider>/<model>.");
    if (!(fromMs >= 0 && fromMs < untilMs)) throw invalid("until", "The time must end after it begins.");
    if (ports.pricesOf(provider, model).length === 0) {
      throw invalid("model", `The catalogue has no price of ${provider}/${model}. Save it first.`);
    }
    const by = request.change?.actor?.name ?? "";
    const why = { because: "price_corrected", by, reason: request.change?.reason ?? "" } as const;
    const wish = { provider, model, fromMs, untilMs, onlyUnpriced: false, ...why };
    const after = readCursor(request.cursor);
    const report = await reprice(ports, wish, { isDryRun: dryRun, lookedMax: LOOKED_MAX, after });
    if (!dryRun && report.revised > 0) {
      const costs = { before_usd: formatUsd(report.beforePicoUsd), after_usd: formatUsd(report.afterPicoUsd) };
      log.info({ provider, model, by, attempts: report.revised, ...costs }, "attempts are priced anew");
    }
    return toResponse(report);
  };

  return (onError) => ({
    listUnpriced: unary((request: ListUnpricedRequest) => orUnavailable(list(request), onError), onError),
    reprice: unary((request: RepriceRequest) => orUnavailable(change(request), onError), onError),
  });
}

function stateOf({ provider, model, lastDay }: WaitingModel, pricing: RepricePorts | undefined): string {
  const prices = pricing?.pricesOf(provider, model) ?? [];
  if (prices.length === 0) return "no_price";
  const endsMs = Date.parse(`${lastDay}T00:00:00Z`) + DAY_MS;
  return prices.every(({ effectiveFromMs }) => effectiveFromMs >= endsMs) ? "starts_later" : "waiting";
}

function toResponse({ beforePicoUsd, afterPicoUsd, not, goesOnAfter, ...counts }: RepriceReport): RepriceResponse {
  return RepriceResponse.fromPartial({
    ...{ looked: BigInt(counts.looked), revised: BigInt(counts.revised), arrived: BigInt(counts.arrived) },
    ...{ beforePicoUsd: String(beforePicoUsd), afterPicoUsd: String(afterPicoUsd) },
    notRevised: Object.fromEntries(Object.entries(not).map(([reason, count]) => [reason, BigInt(count)])),
    nextCursor: goesOnAfter ? `${goesOnAfter.requestId}.${goesOnAfter.attempt}` : "",
  });
}

function readCursor(text: string): AttemptPlace | undefined {
  if (text === "") return undefined;
  const place = parseAttemptId(text);
  if (!place) throw invalid("cursor", "That is no cursor of an answer.");
  return place;
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}
