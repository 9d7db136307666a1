// Models we can route to: prices with effective dates, context windows, capabilities; and the operator's waybill.yaml.
export {
  type DeployedAlias,
  type DeployedFilter,
  type DeployedModel,
  type DeployedProvider,
  type Deployment,
  makeDeployment,
} from "./deployment.ts";
export type { ImportedCatalogue, ImportedModel, ImportOptions } from "./import/imported-model.ts";
export { importLitellm } from "./import/litellm.ts";
export { importModelsDev } from "./import/models-dev.ts";
export { CAPABILITIES, isForEmbeddings, SUPPOSED_CAPABILITIES } from "./own-models.ts";
export { completeRates, type GivenRates, type PriceEntry, priceInForce } from "./price-entry.ts";
export { parseWaybillFile, type WaybillFile, WaybillFileError } from "./waybill-file.ts";
