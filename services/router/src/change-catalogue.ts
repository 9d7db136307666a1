// The story of a change of models and aliases: plan -> lock -> versions, prices and audit rows in one transaction -> bucket. Live
// without a restart, and waybill.yaml does not undo it while it says the same as before.
import { WaybillError } from "@waybill/domain";
import type { RouteProblem } from "@waybill/routes";
import type { Client, Pool } from "@waybill/store";
import type {
  CatalogueModel,
  ModelChange,
  SaveAliasRequest,
  SaveAliasResponse,
  SaveModelsRequest,
  SaveModelsResponse,
} from "@waybill/wire";
import { AdminFields } from "./core/admin-fields.ts";
import { type ModelPlan, planModel } from "./core/model-change.ts";
import type { By } from "./outbound/audit-log.ts";
import {
  changing,
  type DeployedRow,
  deployDocument,
  readDeployed,
  type Source,
  withdraw,
} from "./outbound/catalogue-store.ts";
import { readPrices, storePrices } from "./outbound/price-store.ts";
import type { ChangePublisher } from "./outbound/publish-changes.ts";

export interface ChangeCatalogueOptions {
  pool: Pool;
  publisher: ChangePublisher;
}

/** Of one question. */
const SAVED_MODELS_MAX = 2_000;
/** The whole catalogue is one answer of ListCatalogue. */
const MODELS_MAX = 5_000;
const ALIASES_MAX = 10_000;
const PROBLEMS_MAX = 1_000;
const SOURCE_CHARACTERS_MAX = 64;

export interface ChangeCatalogue {
  saveModels(request: SaveModelsRequest): Promise<SaveModelsResponse>;
  saveAlias(request: SaveAliasRequest): Promise<SaveAliasResponse>;
}

interface Planned {
  name: string;
  plan: ModelPlan;
  /** What is live now; 0: nothing. */
  version: number;
}

export function makeChangeCatalogue({ pool, publisher }: ChangeCatalogueOptions): ChangeCatalogue {
  return {
    async saveModels({ actor, models, reason, dryRun, source: said }) {
      const fields = new AdminFields();
      const by = fields.by(actor, reason);
      fields.text("source", said, 0, SOURCE_CHARACTERS_MAX);
      fields.done();
      if (models.length > SAVED_MODELS_MAX) {
        const publicMessage = `At most ${SAVED_MODELS_MAX} models can be saved at once.`;
        throw new WaybillError("invalid_value", { publicMessage, param: "models" });
      }
      if (!dryRun) publisher.requireBus();
      const source: Source = said === "" || said === "api" ? "api" : "import";
      const { response, saved } = await changing(pool, async (client) => {
        const { planned, problems } = await planAll(client, models);
        if (problems.length > 0) return { response: { changes: [], problems }, saved: [] };
        const changes: ModelChange[] = [];
        for (const item of planned) changes.push(await save(client, item, source, withSource(by, said), dryRun));
        return {
          response: { changes, problems },
          saved: dryRun ? [] : planned.filter(({ plan }) => plan.change !== "same"),
        };
      });
      if (saved.length > 0) {
        await publisher.publish({ routes: [], catalogue: saved.map(({ name }) => ({ kind: "model", name })) });
      }
      return response;
    },

    async saveAlias({ actor, name, target, reason }) {
      const fields = new AdminFields();
      const by = fields.by(actor, reason);
      fields.aliasName(name);
      fields.done();
      publisher.requireBus();
      const response = await changing(pool, (client) =>
        target === "" ? withdrawAlias(client, name, by) : deployAlias(client, name, target, by),
      );
      if (response.problems.length === 0) {
        await publisher.publish({ routes: [], catalogue: [{ kind: "alias", name }] });
      }
      return response;
    },
  };
}

/** Where the models come from stands in the audit log beside the reason. */
function withSource(by: By, said: string): By {
  if (said === "" || said === "api") return by;
  return { ...by, reason: by.reason === "" ? `from ${said}` : `${by.reason} (from ${said})` };
}

async function planAll(
  client: Client,
  models: readonly CatalogueModel[],
): Promise<{ planned: Planned[]; problems: RouteProblem[] }> {
  const rows = await readDeployed(client);
  const live = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]));
  const prices = await readPrices(client, models.map(nameOf));
  const problems: RouteProblem[] = [];
  const names = new Set<string>();
  const planned = models.map((said): Planned => {
    const name = nameOf(said);
    const report = (field: string, problem: string): void => {
      if (problems.length < PROBLEMS_MAX) problems.push({ node: name, field, problem });
    };
    if (names.has(name)) report("", "stands here twice");
    names.add(name);
    const there = modelRow(live.get(`model ${name}`));
    const provider = live.get(`provider ${said.provider}`);
    const place = {
      provider: provider?.kind === "provider" ? provider.document : undefined,
      present: there?.document,
      everyPrice: prices.get(name) ?? [],
    };
    return { name, plan: planModel(said, place, report), version: there?.version ?? 0 };
  });
  const added = planned.filter(({ plan }) => plan.change === "added").length;
  if (added > 0 && rows.filter(({ kind }) => kind === "model").length + added > MODELS_MAX) {
    problems.push({ node: "", field: "models", problem: `would be more than ${MODELS_MAX}` });
  }
  return { planned, problems };
}

function nameOf({ provider, model }: CatalogueModel): string {
  return `${provider}/${model}`;
}

function modelRow(row: DeployedRow | undefined): Extract<DeployedRow, { kind: "model" }> | undefined {
  return row?.kind === "model" ? row : undefined;
}

async function save(
  client: Client,
  { name, plan, version }: Planned,
  source: Source,
  by: By,
  dryRun: boolean,
): Promise<ModelChange> {
  const { document, prices, change, fields } = plan;
  const answer = { provider: document.provider, model: document.model, change, fields, version };
  if (dryRun || change === "same") return answer;
  await storePrices(client, name, prices);
  const saved = await deployDocument(client, { kind: "model", name, document }, source, by);
  return { ...answer, version: saved ?? version };
}

async function deployAlias(client: Client, name: string, target: string, by: By): Promise<SaveAliasResponse> {
  const rows = await readDeployed(client);
  const problem = (field: string, text: string): SaveAliasResponse => ({
    alias: undefined,
    problems: [{ node: name, field, problem: text }],
  });
  if (!rows.some((row) => row.kind === "model" && row.name === target)) {
    return problem("target", "must be the <provider>/<model> of a model that exists");
  }
  const aliases = rows.filter(({ kind }) => kind === "alias");
  const there = aliases.find((row) => row.name === name);
  if (!there && aliases.length >= ALIASES_MAX) return problem("name", `would be more than ${ALIASES_MAX} aliases`);
  const isSame = there?.kind === "alias" && there.document.target === target;
  const saved = isSame
    ? undefined
    : await deployDocument(client, { kind: "alias", name, document: { name, target } }, "api", by);
  return { alias: { name, target, version: saved ?? there?.version ?? 0 }, problems: [] };
}

async function withdrawAlias(client: Client, name: string, by: By): Promise<SaveAliasResponse> {
  if (await withdraw(client, "alias", name, by)) return { alias: undefined, problems: [] };
  throw new WaybillError("not_found", { publicMessage: `There is no alias ${name}.` });
}
