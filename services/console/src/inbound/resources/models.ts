// The catalogue: models with their prices, and who provides them.
import type { Clock } from "@waybill/domain";
import { CatalogueModel, ListCatalogueRequest, SaveModelsRequest, type SaveModelsResponse } from "@waybill/wire";
import type { z } from "zod";
import { priceText } from "../../core/price-text.ts";
import type { Owners } from "../../ports.ts";
import { type Problem, ProblemsError } from "../answers.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/catalogue.ts";
import { modelId, modelJson, priceNow, readGivenPrice } from "../to-json/model-json.ts";
import { importModels } from "./import-models.ts";

const HERE = { tag: "catalogue", dialect: "waybill" } as const;
const LOOK = { ...HERE, method: "GET", params: nothing, query: organisationQuery, body: noBody } as const;

export function modelEndpoints(owners: Owners, clock: Clock, importBytesMax: number): AnyEndpoint[] {
  return [
    listModels(owners),
    listProviders(owners),
    listPrices(owners, clock),
    saveModel(owners),
    importList(owners, clock, importBytesMax),
  ];
}

const listModels = ({ routing }: Owners) =>
  endpoint({
    ...LOOK,
    path: "/api/v1/models",
    id: "listModels",
    summary: "Models with all their prices",
    answer: schemas.modelList,
    handle: async () => ({ models: (await catalogue(routing)).models.map(modelJson) }),
  });

const listProviders = ({ routing }: Owners) =>
  endpoint({
    ...LOOK,
    path: "/api/v1/providers",
    id: "listProviders",
    summary: "Providers",
    answer: schemas.providerList,
    handle: async () => ({ providers: (await catalogue(routing)).providers }),
  });

const listPrices = ({ routing }: Owners, clock: Clock) =>
  endpoint({
    ...LOOK,
    path: "/api/v1/prices",
    id: "listPrices",
    summary: "The price of every model as it is now",
    answer: schemas.priceList,
    async handle() {
      const { models } = await catalogue(routing);
      const nowMs = clock.unixMs();
      return {
        prices: models.map((model) => {
          const price = priceNow(model, nowMs);
          return { model: modelId(model), price: price ? priceText(price) : null };
        }),
      };
    },
  });

const saveModel = ({ routing }: Owners) =>
  endpoint({
    ...HERE,
    method: "PUT",
    path: "/api/v1/models/{provider}/{model...}",
    id: "saveModel",
    summary: "Save a model; what is not said stays as it is. Live without a restart",
    isOfInstallation: true,
    params: schemas.modelParams,
    query: organisationQuery,
    body: schemas.saveModelBody,
    answer: schemas.modelChanges,
    async handle({ admin: { actor }, params, body }) {
      const { reason, dryRun } = body;
      const model = givenModel(params, body);
      const saved = await routing.saveModels(
        SaveModelsRequest.create({ actor, models: [model], reason, dryRun, source: "api" }),
      );
      return changesJson(saved, [], dryRun);
    },
  });

const importList = ({ routing }: Owners, clock: Clock, importBytesMax: number) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: "/api/v1/models/import",
    id: "importModels",
    summary: "Models and prices from LiteLLM's or models.dev's list",
    isOfInstallation: true,
    bodyBytesMax: importBytesMax,
    params: nothing,
    query: organisationQuery,
    body: schemas.importModelsBody,
    answer: schemas.modelChanges,
    async handle({ admin: { actor }, body }) {
      const { reason, dryRun, format } = body;
      const { models, warnings } = importModels(body, (await catalogue(routing)).models, clock.unixMs());
      const question = { actor, models, reason, dryRun, source: format };
      return changesJson(await routing.saveModels(SaveModelsRequest.create(question)), warnings, dryRun);
    },
  });

function catalogue(routing: Owners["routing"]) {
  return routing.listCatalogue(ListCatalogueRequest.create({}));
}

function givenModel(
  { provider, model }: z.output<typeof schemas.modelParams>,
  body: z.output<typeof schemas.saveModelBody>,
): CatalogueModel {
  const problems: Problem[] = [];
  const prices = body.prices.map((price, index) =>
    readGivenPrice(price, (field, problem) => problems.push({ node: "", field: `prices[${index}].${field}`, problem })),
  );
  if (problems.length > 0) throw new ProblemsError(problems, "the model cannot be saved as it is");
  const { capabilities, quality, firstTokenMs, outputTokensPerSecond, upstreamModel = "" } = body;
  return CatalogueModel.create({
    ...{ provider, model, upstreamModel, capabilities, quality, firstTokenMs, outputTokensPerSecond, prices },
    contextWindowTokens: BigInt(body.contextWindowTokens),
    maxOutputTokens: BigInt(body.maxOutputTokens),
    deprecatedAtMs: BigInt(body.deprecatedAt === undefined ? 0 : Date.parse(body.deprecatedAt)),
  });
}

function changesJson(
  { changes, problems }: SaveModelsResponse,
  warnings: string[],
  dryRun: boolean,
): z.input<typeof schemas.modelChanges> {
  if (problems.length > 0) throw new ProblemsError(problems, "the models cannot be saved as they are");
  const shown = changes.map(({ change, fields, version, ...id }) => ({ model: modelId(id), change, fields, version }));
  return { changes: shown, warnings, dryRun };
}
