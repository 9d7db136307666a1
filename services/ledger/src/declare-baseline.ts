// THE STORY: somebody declares what spend is compared with from a day on. It is added and never changed, with the prices as they are known
// then, so that what was stated for a day stays stated.
import { WaybillError } from "@waybill/domain";
import { bandsOf, type PricedFrom, type RateBand } from "./core/baseline-rates.ts";
import { type BaselineTimes, type DeclaredBaseline, mayDeclare } from "./core/baseline-rules.ts";

export const BASELINE_KINDS = ["model", "costliest_candidate", "none"] as const;
type BaselineKind = (typeof BASELINE_KINDS)[number];

export interface DeclareBaseline {
  /** Empty: every organisation that has none of its own. */
  organisationId: string;
  /** Empty: all routes that have none of their own, and `auto`. */
  route: string;
  kind: BaselineKind;
  /** "2026-11-28"; empty: today, UTC. */
  fromDay: string;
  /** The model, or the candidates of the route, each with its prices; of `none`, nothing. */
  models: readonly { model: string; prices: readonly PricedFrom[] }[];
  /** Of the candidates; 0 for another kind. */
  routeVersion: number;
  by: string;
  reason: string;
}

/** A declaration as it is added. */
export interface NewBaseline extends DeclaredBaseline {
  kind: BaselineKind;
  /** Empty for another kind than `model`. */
  model: string;
  routeVersion: number;
  unpricedModels: readonly string[];
  by: string;
  reason: string;
  bands: readonly RateBand[];
}

/** A transaction in which nobody else declares and no month is closed. */
interface DeclaringBooks {
  times: BaselineTimes;
  declared: readonly DeclaredBaseline[];
  add(baseline: NewBaseline): Promise<void>;
}

export interface DeclareBaselinePorts {
  /** Runs `work` in one transaction and commits. */
  whileNobodyDeclares<T>(work: (books: DeclaringBooks) => Promise<T>): Promise<T>;
}

/** Returns what was added. Throws invalid_value, or in_use with the day on which it may begin. */
export async function declareBaseline(ports: DeclareBaselinePorts, wish: DeclareBaseline): Promise<NewBaseline> {
  const { organisationId, route, kind } = wish;
  return ports.whileNobodyDeclares(async ({ times, declared, add }) => {
    const fromDay = wish.fromDay || times.today;
    const refusal = mayDeclare({ organisationId, route }, fromDay, times, declared);
    if (refusal) throw new WaybillError("in_use", { publicMessage: refusal, param: "from" });
    const bands = wish.models.flatMap(({ model, prices }) => bandsOf(model, prices, fromDay));
    const priced = new Set(bands.map(({ model }) => model));
    if (kind !== "none" && priced.size === 0) throw unpriced(kind);
    const ofScope = declared.filter((one) => one.organisationId === organisationId && one.route === route);
    const baseline: NewBaseline = {
      ...{ organisationId, route, kind, fromDay, bands },
      version: Math.max(0, ...ofScope.map(({ version }) => version)) + 1,
      model: kind === "model" ? (wish.models[0]?.model ?? "") : "",
      routeVersion: wish.routeVersion,
      unpricedModels: wish.models.map(({ model }) => model).filter((model) => !priced.has(model)),
      by: wish.by,
      reason: wish.reason,
    };
    await add(baseline);
    return baseline;
  });
}

function unpriced(kind: BaselineKind): WaybillError {
  const what = kind === "model" ? "This model has no price" : "None of the candidates has a price";
  return new WaybillError("invalid_value", {
    publicMessage: `${what}, so nothing can be compared with it.`,
    param: "model",
  });
}
