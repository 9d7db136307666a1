// What would a month cost? Traffic that somebody describes, or that was recorded, on a choice of models at the catalogue's prices.
import { type Clock, type Price, WaybillError } from "@waybill/domain";
import { GetSpendRequest, type GetSpendResponse, ListCatalogueRequest } from "@waybill/wire";
import type { z } from "zod";
import { fraction, isSame, NONE, plus, rounded, shareText, times, WHOLE } from "../../core/simulation/fraction.ts";
import { readScenario, readShare, type ScenarioRules } from "../../core/simulation/read-scenario.ts";
import { deltaOf, type SimulatedCost, simulateCost, type TrafficPart } from "../../core/simulation/simulate-cost.ts";
import { partsOfRecorded, partsOfTiers } from "../../core/simulation/traffic-parts.ts";
import type { Owners } from "../../ports.ts";
import { type Problem, problemsError } from "../answers.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/simulations.ts";
import { modelId, priceNow } from "../to-json/model-json.ts";
import { deltaJson, scenarioJson, usdOrNull } from "../to-json/simulation-json.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Beyond it the ledger sums whole days. */
const SUMMED_BY_HOUR_DAYS_MAX = 34;
/** Models that were called, in one simulation. */
const RECORDED_MODELS_MAX = 1_000;

type Body = z.output<typeof schemas.simulateCostBody>;
type Report = (field: string, problem: string) => void;

interface Traffic {
  parts: TrafficPart[];
  recorded: z.input<typeof schemas.simulatedCost>["recorded"];
  assumptions: string[];
}

export function simulationEndpoints(owners: Owners, clock: Clock): AnyEndpoint[] {
  return [simulate(owners, clock)];
}

const simulate = ({ routing, ledger }: Owners, clock: Clock): AnyEndpoint =>
  endpoint({
    tag: "books",
    dialect: "waybill",
    method: "POST",
    isLook: true,
    path: "/api/v1/simulations",
    id: "simulateCost",
    summary: "What a month of traffic would cost on a choice of models, and the difference to another",
    description: "Exact, at the prices in force now; a price that nobody knows makes a sum unknown. Nothing is kept.",
    params: nothing,
    query: organisationQuery,
    body: schemas.simulateCostBody,
    answer: schemas.simulatedCost,
    async handle({ admin: { organisationId }, body }) {
      const problems: Problem[] = [];
      const report: Report = (field, problem) => problems.push({ node: "", field, problem });
      const nowMs = clock.unixMs();
      const { models } = await routing.listCatalogue(ListCatalogueRequest.create({}));
      const prices = new Map(models.map((model) => [modelId(model), priceNow(model, nowMs)]));
      const { parts, recorded, assumptions } = body.traffic
        ? givenTraffic(body.traffic, body.daysPerMonth, report)
        : await recordedTraffic(ledger, { ...body, organisationId, nowMs });
      const { baseline, proposal } = simulateBoth(body, parts, prices, report);
      if (problems.length > 0) throw problemsError(problems, "the selections cannot be simulated as they are");
      const used = new Set([baseline, proposal].flatMap(({ lines }) => lines.map(({ model }) => model)));
      return {
        daysPerMonth: body.daysPerMonth,
        baseline: scenarioJson(baseline),
        proposal: scenarioJson(proposal),
        delta: deltaJson(deltaOf(baseline, proposal)),
        recorded,
        prices: [...used].map((model) => ({ model, priceVersion: prices.get(model)?.version ?? null })),
        assumptions: [...assumptions, ...ALWAYS_ASSUMED, ...unknownPrices(used, prices)],
      };
    },
  });

const ALWAYS_ASSUMED = [
  "another model answers with as many tokens, and needs as many attempts",
  "each line is rounded once, to 0.000000000001 USD",
];

function simulateBoth(
  body: Body,
  parts: readonly TrafficPart[],
  prices: ReadonlyMap<string, Price | undefined>,
  report: Report,
): { baseline: SimulatedCost; proposal: SimulatedCost } {
  const asItIs = (model: string) => [{ model, share: WHOLE }];
  const rules: Omit<ScenarioRules, "field"> = {
    parts: parts.map(({ name }) => name),
    ...(body.recorded && { asItIs }),
    isModel: (model) => prices.has(model),
  };
  const of = (field: "baseline" | "proposal"): SimulatedCost => {
    const scenario = readScenario(body[field] ?? { models: [] }, { ...rules, field }, report);
    return simulateCost(parts, scenario, (model) => prices.get(model));
  };
  return { baseline: of("baseline"), proposal: of("proposal") };
}

function givenTraffic(
  { requestsPerDay, requestsPerMonth, tiers }: NonNullable<Body["traffic"]>,
  daysPerMonth: number,
  report: Report,
): Traffic {
  const read = tiers.map((tier, index) => ({
    ...tier,
    share: readShare(`traffic.tiers[${index}].share`, tier.share, report),
    cachedInputShare: readShare(`traffic.tiers[${index}].cachedInputShare`, tier.cachedInputShare, report),
  }));
  const sum = read.reduce((so, { share }) => plus(so, share), NONE);
  if (!isSame(sum, WHOLE)) report("traffic.tiers", `the shares make ${shareText(sum)}, not 1`);
  if (new Set(tiers.map(({ name }) => name)).size < tiers.length) report("traffic.tiers", "two have the same name");
  const month = requestsPerMonth ?? (requestsPerDay ?? 0) * daysPerMonth;
  const parts = partsOfTiers(BigInt(month), read);
  return { parts, recorded: null, assumptions: [`a month has ${daysPerMonth} days`, "every request is one attempt"] };
}

/** Whole hours until now: the present one counts as far as it has come. */
async function recordedTraffic(
  ledger: Owners["ledger"],
  { recorded, daysPerMonth, organisationId, nowMs }: Body & { organisationId: string; nowMs: number },
): Promise<Traffic> {
  const { days = 0, team, route, simulated = false } = recorded ?? {};
  const unitMs = days > SUMMED_BY_HOUR_DAYS_MAX ? DAY_MS : HOUR_MS;
  const fromMs = Math.floor(nowMs / unitMs) * unitMs - days * DAY_MS;
  const where = { ...(team !== undefined && { team }), ...(route !== undefined && { route }) };
  const asked = { organisationId, simulated, where, fromMs: BigInt(fromMs), limit: RECORDED_MODELS_MAX };
  const ask = (by: string): Promise<GetSpendResponse> =>
    ledger.getSpend(GetSpendRequest.fromPartial({ ...asked, by: [by] }));
  const [byModel, byDay] = await Promise.all([ask("model"), ask("day")]);
  if (byModel.more) {
    const publicMessage = `More than ${RECORDED_MODELS_MAX} models were called; ask for a team or a route.`;
    throw new WaybillError("invalid_value", { publicMessage, param: "recorded" });
  }
  const perMonth = fraction(BigInt(daysPerMonth * DAY_MS), BigInt(nowMs - fromMs));
  const { attempts = 0n, unpricedAttempts = 0n, costPicoUsd = "" } = byModel.total ?? {};
  const known = BigInt(costPicoUsd || 0);
  const booked = unpricedAttempts > 0n ? undefined : known;
  return {
    parts: partsOfRecorded(byModel.rows, perMonth),
    recorded: {
      from: new Date(fromMs).toISOString(),
      until: new Date(nowMs).toISOString(),
      daysWithTraffic: byDay.rows.length,
      calls: Number(attempts),
      costUsd: usdOrNull(booked),
      knownCostUsd: usdOrNull(known) ?? "0",
      perMonthUsd: usdOrNull(booked === undefined ? undefined : rounded(times(fraction(booked), perMonth))),
    },
    assumptions: [
      ...(attempts === 0n ? ["nothing was recorded in this time"] : []),
      `a month has ${daysPerMonth} days like those that were recorded`,
      "recorded tokens at the prices of now: what was booked at other prices stands under recorded",
      "where a price depends on the size of the input, the average input of a call decides",
    ],
  };
}

function unknownPrices(used: ReadonlySet<string>, prices: ReadonlyMap<string, Price | undefined>): string[] {
  return [...used].filter((model) => !prices.get(model)).map((model) => `the price of ${model} is unknown`);
}
