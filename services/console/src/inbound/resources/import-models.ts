// Models and prices from LiteLLM's or models.dev's list, as what is to be saved: only what the list knows better.
import { type ImportedModel, type ImportOptions, importLitellm, importModelsDev } from "@waybill/catalog";
import { CatalogueModel } from "@waybill/wire";
import type { z } from "zod";
import { isSamePrice } from "../../core/price-text.ts";
import { ProblemsError } from "../answers.ts";
import type { importModelsBody } from "../schemas/catalogue.ts";
import { modelId, priceEntries, priceNow, priceVersion, toPriceEntry } from "../to-json/model-json.ts";

export interface ModelsToSave {
  models: CatalogueModel[];
  warnings: string[];
}

type Body = z.output<typeof importModelsBody>;

const IMPORTERS = { litellm: importLitellm, modelsdev: importModelsDev } as const;

/** `present`: the catalogue as it is. Throws ProblemsError for a text that is no such list. */
export function importModels(body: Body, present: readonly CatalogueModel[], nowUnixMs: number): ModelsToSave {
  const there = new Map(present.map((model) => [modelId(model), model]));
  const wanted = new Set(body.models ?? there.keys());
  const options: ImportOptions = {
    providers: new Map(Object.entries(body.providers)),
    wants: (provider, model) => wanted.has(`${provider}/${model}`),
  };
  const { models, warnings, problem } = IMPORTERS[body.format](body.text, options);
  if (problem !== undefined) throw new ProblemsError([{ node: "", field: "text", problem }], `text: ${problem}`);
  const found = new Set(models.map(modelId));
  const missing = (body.models ?? []).filter((id) => !found.has(id)).map((id) => `${id}: is not in the list`);
  return {
    models: models.map((model) => toSave(model, there.get(modelId(model)), body.format, nowUnixMs)),
    warnings: [...warnings, ...missing],
  };
}

function toSave(
  imported: ImportedModel,
  present: CatalogueModel | undefined,
  source: string,
  nowUnixMs: number,
): CatalogueModel {
  const { provider, model, contextWindowTokens, maxOutputTokens, capabilities, deprecatedAtMs } = imported;
  return CatalogueModel.create({
    ...{ provider, model, capabilities },
    contextWindowTokens: BigInt(contextWindowTokens),
    maxOutputTokens: BigInt(maxOutputTokens),
    deprecatedAtMs: BigInt(deprecatedAtMs),
    prices: pricesToSave(imported, present, source, nowUnixMs),
  });
}

/** A price that is new holds from now on; what was booked before keeps its own. Empty: nothing changes. */
function pricesToSave(
  { price }: ImportedModel,
  present: CatalogueModel | undefined,
  source: string,
  nowUnixMs: number,
): CatalogueModel["prices"] {
  if (!price) return [];
  const now = present && priceNow(present, nowUnixMs);
  if (now && isSamePrice(now, price)) return [];
  const known = present ? priceEntries(present) : [];
  const effectiveFromMs = known.length === 0 ? 0 : nowUnixMs;
  const version = priceVersion(source, price, effectiveFromMs);
  return [...known, { effectiveFromMs, price: { ...price, version } }].map(toPriceEntry);
}
