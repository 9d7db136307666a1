// What spend is compared with, and what was saved: kept by the ledger; the prices of a baseline come from the router's catalogue.
import { type Clock, WaybillError } from "@waybill/domain";
import { readRouteDocument } from "@waybill/routes";
import {
  type Baseline,
  BaselineModel,
  type CatalogueModel,
  DeclareBaselineRequest,
  GetSavingsRequest,
  ListBaselinesRequest,
  ListCatalogueRequest,
  type ListCatalogueResponse,
  type RouteVersion,
} from "@waybill/wire";
import { candidatesOf, modelNamed } from "../../core/baseline-candidates.ts";
import { savingsNotes } from "../../core/savings-notes.ts";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/savings.ts";
import { modelId, priceNow } from "../to-json/model-json.ts";
import { baselineJson, savingsRowJson, sumsJson } from "../to-json/savings-json.ts";
import { changeBy } from "./account-change.ts";

const HERE = { tag: "books", area: "baselines", dialect: "waybill" } as const;
const BASELINES = "/api/v1/baselines";

export function savingsEndpoints(owners: Owners, clock: Clock): AnyEndpoint[] {
  return [listBaselines(owners, clock), declareBaseline(owners, clock), getSavings(owners, clock)];
}

const listBaselines = ({ ledger, routing }: Owners, clock: Clock): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: BASELINES,
    id: "listBaselines",
    summary: "What spend is compared with: every declaration, also those of before",
    params: nothing,
    query: organisationQuery,
    body: noBody,
    answer: schemas.baselineList,
    async handle({ admin: { organisationId, isOfInstallation } }) {
      const [{ baselines }, catalogue] = await Promise.all([
        ledger.listBaselines(ListBaselinesRequest.create({ organisationId })),
        routing.listCatalogue(ListCatalogueRequest.create({})),
      ]);
      const changed = changedPrices(catalogue, clock.unixMs());
      return { baselines: baselines.map((one) => baselineJson(one, changed(one), isOfInstallation)) };
    },
  });

const declareBaseline = (owners: Owners, clock: Clock): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: BASELINES,
    id: "declareBaseline",
    summary: "Declare what spend is compared with from a day on",
    description:
      "It never changes: another declaration is a new version. The prices are copied as they are known now, so that what was stated for a day stays stated.",
    params: nothing,
    query: organisationQuery,
    body: schemas.declareBody,
    answer: schemas.baseline,
    status: 201,
    async handle({ admin, body: { kind, model, route = "", from = "", reason } }) {
      if ((kind === "model") !== (model !== undefined)) {
        throw invalid("model", "A model is named with the kind model, and with no other.");
      }
      const catalogue = await owners.routing.listCatalogue(ListCatalogueRequest.create({}));
      const version = route === "" ? undefined : await versionOf(owners, admin.organisationId, route);
      if (kind === "costliest_candidate" && !version) {
        throw invalid("route", "Candidates are those of a route: name it, and deploy it first.");
      }
      const ids = kind === "model" ? [namedModel(model ?? "", catalogue)] : candidates(kind, version, catalogue);
      const declared = await owners.ledger.declareBaseline(
        DeclareBaselineRequest.create({
          ...{ change: changeBy(admin, reason), route, kind, fromDay: from },
          models: ids.map((id) => BaselineModel.create({ model: id, prices: modelOf(id, catalogue)?.prices ?? [] })),
          routeVersion: kind === "costliest_candidate" ? (version?.version ?? 0) : 0,
        }),
      );
      return baselineJson(declared, changedPrices(catalogue, clock.unixMs())(declared), admin.isOfInstallation);
    },
  });

const getSavings = ({ ledger, routing }: Owners, clock: Clock): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: "/api/v1/savings",
    id: "getSavings",
    summary: "What a month cost beside what its baselines would have cost",
    description:
      "From the sums by day. What cannot be compared is counted apart, with the reason. Read the notes with the figures.",
    params: nothing,
    query: schemas.savingsQuery,
    body: noBody,
    answer: schemas.savings,
    async handle({ admin: { organisationId }, query: { month, by, simulated: wanted } }) {
      const simulated = wanted === "true";
      const [found, { baselines }, catalogue] = await Promise.all([
        ledger.getSavings(GetSavingsRequest.create({ organisationId, month, by, simulated })),
        ledger.listBaselines(ListBaselinesRequest.create({ organisationId })),
        routing.listCatalogue(ListCatalogueRequest.create({})),
      ]);
      const total = sumsJson(found.total);
      const changed = changedPrices(catalogue, clock.unixMs());
      return {
        ...{ month, by, simulated, total, closed: found.closed, more: found.more, baselines: found.baselines },
        rows: found.rows.map(savingsRowJson),
        notes: savingsNotes({
          isCompared: total.savedUsd !== null,
          isClosed: found.closed,
          answers: found.total?.answers ?? 0n,
          qualityAnswers: found.total?.qualityAnswers ?? 0n,
          lostCacheReadsAtMostUsd: total.lostCacheReadsAtMostUsd ?? undefined,
          hasCostliestCandidate: found.baselines.some((one) => one.startsWith("costliest candidate")),
          changedPrices: [...new Set(baselines.flatMap(changed))],
          simulated,
        }),
      };
    },
  });

/** The deployed version of a route of the organisation, else of everyone's. Throws not_found for a route that is not there. */
async function versionOf({ routing }: Owners, organisationId: string, name: string): Promise<RouteVersion | undefined> {
  for (const whose of new Set([organisationId, ""])) {
    try {
      const found = await routing.getRoute({ organisationId: whose, id: "", name });
      if (found.deployedVersion === 0) return undefined;
      const route = { organisationId: whose, id: "", name };
      return await routing.getVersion({ route, version: found.deployedVersion });
    } catch (error) {
      if (!(error instanceof WaybillError && error.code === "not_found")) throw error;
    }
  }
  throw new WaybillError("not_found", { publicMessage: `There is no route ${name}.`, param: "route" });
}

function namedModel(name: string, catalogue: ListCatalogueResponse): string {
  const id = modelNamed(name, catalogue);
  if (id === undefined) throw invalid("model", "The catalogue has no model of that name.");
  return id;
}

function candidates(kind: string, version: RouteVersion | undefined, catalogue: ListCatalogueResponse): string[] {
  if (kind === "none" || !version) return [];
  const { document } = readRouteDocument(JSON.parse(version.documentJson));
  return document ? candidatesOf(document, catalogue) : [];
}

function modelOf(id: string, { models }: ListCatalogueResponse): CatalogueModel | undefined {
  return models.find((model) => modelId(model) === id);
}

/** Of a baseline that holds, the models whose price is another one now than those it was declared with. */
function changedPrices(catalogue: ListCatalogueResponse, nowMs: number): (baseline: Baseline) => string[] {
  return ({ holds, rates }) => {
    if (!holds) return [];
    const known = new Set(rates.map(({ model, priceVersion }) => `${model} ${priceVersion}`));
    return [...new Set(rates.map(({ model }) => model))].filter((id) => {
      const model = modelOf(id, catalogue);
      const now = model && priceNow(model, nowMs);
      return now !== undefined && !known.has(`${id} ${now.version}`);
    });
  };
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}
