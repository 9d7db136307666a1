// waybill.yaml: providers, models and aliases as an operator writes them. Read whole, every problem reported with its path.
import { parseDocument } from "yaml";
import { z } from "zod";
import { isCatalogueProvider } from "./base-prices.ts";
import { contentFiltersSchema } from "./content-filters.ts";
import { picoUsdOf, picoUsdPerToken } from "./decimal-price.ts";
import { CAPABILITIES, isForEmbeddings, SIMULATOR_PROVIDER } from "./own-models.ts";
import { accountProblems, accountsSchema } from "./provider-accounts.ts";
import { ENDPOINTS, PRESET_NAMES, withPreset } from "./vendor-presets.ts";

/** Every problem of the file at once, one line each, as `path: what is wrong`. */
export class WaybillFileError extends Error {
  readonly problems: readonly string[];
  constructor(source: string, problems: readonly string[]) {
    super(`${source} has ${problems.length} problem(s):\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "WaybillFileError";
    this.problems = problems;
  }
}

const FILE_BYTES_MAX = 1024 * 1024;
const PROVIDERS_MAX = 200;
const MODELS_MAX = 2_000;
const NAME_CHARACTERS_MAX = 128;

const usdPerMillion = z
  .string({ error: 'must be decimal text in quotes, e.g. "0.40"' })
  .refine((text) => picoUsdPerToken(text) !== undefined, {
    error: "must be USD per million tokens as decimal text with at most 6 decimal places",
  });

const priceSchema = z.strictObject({
  input: usdPerMillion,
  cachedInput: usdPerMillion.optional(),
  cacheWrite5m: usdPerMillion.optional(),
  cacheWrite1h: usdPerMillion.optional(),
  // Models for embeddings have none.
  output: usdPerMillion.optional(),
  reasoningOutput: usdPerMillion.optional(),
  perRequest: z
    .string({ error: 'must be decimal text in quotes, e.g. "0.001"' })
    .refine((text) => picoUsdOf(text) !== undefined, { error: "must be USD as decimal text" })
    .optional(),
});

const tokens = z.number().int().min(1).max(100_000_000);

/** They are what a request is, or bound what it costs; nobody who refuses them can be asked. */
const NEVER_LEFT_OUT: readonly string[] = [
  "model",
  "messages",
  "prompt",
  "input",
  "stream",
  "max_tokens",
  "n",
  "best_of",
];

const fieldName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, { error: "must be the name of a field" })
  .refine((name) => !NEVER_LEFT_OUT.includes(name), { error: "is no field that can be left out" })
  .refine((name) => name !== "stream_options", { error: "is not named here: say streamUsage: false" });

/** Where the provider renames a limit, a model cannot. */
const LIMITS: readonly string[] = ["max_completion_tokens", "max_output_tokens"];

const modelSchema = z.strictObject({
  name: z.string().min(1).max(NAME_CHARACTERS_MAX),
  upstreamModel: z.string().min(1).max(NAME_CHARACTERS_MAX).optional(),
  contextWindowTokens: tokens.optional(),
  maxOutputTokens: tokens.optional(),
  capabilities: z.array(z.enum(CAPABILITIES)).optional(),
  price: priceSchema.optional(),
  // By task: chat, code, reasoning, extraction, tools, vision, long_context, or a name of your own; "" is any other task.
  quality: z.record(z.string().max(NAME_CHARACTERS_MAX), z.number().min(0).max(1)).optional(),
  firstTokenMs: z.number().int().min(1).max(3_600_000).optional(),
  outputTokensPerSecond: z.number().int().min(1).max(1_000_000).optional(),
  // The day from which its provider no longer serves it.
  deprecatedOn: z.iso.date().optional(),
  // Fields at the top of a client's body that this model refuses: they are left out, and named to the client.
  refusedParameters: z
    .array(fieldName.refine((name) => !LIMITS.includes(name), { error: "is a limit, which a hold depends on" }))
    .max(64)
    .optional(),
});

const providerFields = z.strictObject({
  // Fills in what is not said here. See vendor-presets.ts.
  preset: z.enum(PRESET_NAMES, { error: `must be one of ${PRESET_NAMES.join(", ")}` }).optional(),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: "must be lower-case letters, digits and dashes" }),
  dialect: z.enum(["openai-compatible", "anthropic", "gemini", "bedrock", "azure-openai", "openai"]),
  baseUrl: z.string().superRefine((text, context) => {
    const problem = baseUrlProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  }),
  // Never echoed: somebody may have put the key itself here.
  keyVariable: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,127}$/, { error: "must be the NAME of an environment variable, e.g. OPENAI_API_KEY" })
    .optional(),
  allowPrivateAddress: z.boolean().optional(),
  // For bedrock: where the base URL's host does not say it, e.g. behind a name of your own.
  region: z
    .string()
    .regex(/^[a-z]{2,}(-[a-z]+)+-[0-9]+$/, { error: "must be a region, e.g. eu-central-1" })
    .optional(),
  // For azure-openai: the paths of one deployment each, in this version. Without it, the paths of /openai/v1.
  apiVersion: z
    .string()
    .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?$/, { error: "must be a date, e.g. 2024-10-21" })
    .optional(),
  // For openai-compatible: top-level fields that the provider refuses. They are left out, and named to the client.
  refusedParameters: z.array(fieldName).max(64).optional(),
  // For openai-compatible. False: the provider refuses stream_options.
  streamUsage: z.boolean().optional(),
  // For openai-compatible: those of chat, completions and embeddings that there are.
  endpoints: z.array(z.enum(ENDPOINTS)).min(1).optional(),
  catalogue: z.string().refine(isCatalogueProvider, { error: "is no provider of the base price catalogue" }).optional(),
  models: z
    .array(z.preprocess((value) => (typeof value === "string" ? { name: value } : value), modelSchema))
    .min(1)
    .max(MODELS_MAX),
});
const providerSchema = z.preprocess(
  withPreset,
  providerFields.extend({ accounts: accountsSchema(providerFields.shape).optional() }),
);

/** Those that an account may have, too. */
const ADDRESS_FIELDS_OF_ONE_DIALECT = [
  ["region", "bedrock"],
  ["apiVersion", "azure-openai"],
] as const;
const FIELDS_OF_ONE_DIALECT = [
  ...ADDRESS_FIELDS_OF_ONE_DIALECT,
  ["preset", "openai-compatible"],
  ["refusedParameters", "openai-compatible"],
  ["streamUsage", "openai-compatible"],
  ["endpoints", "openai-compatible"],
] as const;

const ALIAS = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const RESERVED_ALIASES = new Set(["auto", "dynamic"]);

const fileSchema = z
  .strictObject({
    providers: z.array(providerSchema).max(PROVIDERS_MAX).default([]),
    aliases: z.record(z.string(), z.string()).default({}),
    contentFilters: contentFiltersSchema.default([]),
  })
  .superRefine((file, context) => {
    const problem = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    const providers = new Set<string>();
    file.providers.forEach((provider, index) => {
      if (provider.id === SIMULATOR_PROVIDER) problem(["providers", index, "id"], "sim is the simulator's");
      for (const [field, dialect] of FIELDS_OF_ONE_DIALECT) {
        const isForeign = provider[field] !== undefined && provider.dialect !== dialect;
        if (isForeign) problem(["providers", index, field], `is only for the dialect ${dialect}`);
      }
      for (const { path, message } of accountProblems(provider, ADDRESS_FIELDS_OF_ONE_DIALECT)) {
        problem(["providers", index, "accounts", ...path], message);
      }
      if (provider.dialect === "azure-openai" && /\/openai(\/|$)/.test(provider.baseUrl))
        problem(["providers", index, "baseUrl"], "must be the resource's endpoint, without /openai");
      if (provider.id === "dynamic") problem(["providers", index, "id"], "dynamic is reserved for routes");
      if (providers.has(provider.id)) problem(["providers", index, "id"], "stands here twice");
      providers.add(provider.id);
      const names = new Set<string>();
      provider.models.forEach((model, at) => {
        if (names.has(model.name)) problem(["providers", index, "models", at, "name"], "stands here twice");
        names.add(model.name);
        const path = ["providers", index, "models", at];
        const capabilities = model.capabilities ?? [];
        if (isForEmbeddings(capabilities) && capabilities.length > 1)
          problem([...path, "capabilities"], "must be embeddings alone: such a model serves nothing else");
        if (model.price && model.price.output === undefined && !isForEmbeddings(capabilities))
          problem([...path, "price", "output"], "must be there, except for a model with capabilities: [embeddings]");
      });
    });
    for (const [name, target] of Object.entries(file.aliases)) {
      if (!ALIAS.test(name) || RESERVED_ALIASES.has(name)) problem(["aliases", name], "is not a possible alias");
      if (!isKnownTarget(file.providers, target))
        problem(["aliases", name], "must name a <provider>/<model> of this file");
    }
  });

export type WaybillFile = z.infer<typeof fileSchema>;
export type FileProvider = WaybillFile["providers"][number];
export type FileModel = FileProvider["models"][number];
export type FilePrice = NonNullable<FileModel["price"]>;

/** Parses and validates the text of a waybill.yaml. Throws WaybillFileError; `source` is how the file is named in it. */
export function parseWaybillFile(text: string, source: string): WaybillFile {
  if (text.length > FILE_BYTES_MAX) throw new WaybillFileError(source, [`it is larger than ${FILE_BYTES_MAX} bytes`]);
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) throw new WaybillFileError(source, document.errors.map(yamlProblem));
  const parsed = fileSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (parsed.success) return parsed.data;
  throw new WaybillFileError(
    source,
    parsed.error.issues.map(({ path, message }) => `${pathText(path)}: ${message}`),
  );
}

/** The first line only: what follows quotes the file, which might hold a secret. */
function yamlProblem({ message }: { message: string }): string {
  return message.split("\n")[0] ?? "it is not YAML";
}

function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) text += typeof part === "number" ? `[${part}]` : `${text === "" ? "" : "."}${String(part)}`;
  return text === "" ? "the file" : text;
}

function isKnownTarget(providers: readonly FileProvider[], target: string): boolean {
  if (SIMULATOR_TARGET.test(target)) return true;
  return providers.some(({ id, models }) => models.some(({ name }) => `${id}/${name}` === target));
}
const SIMULATOR_TARGET = new RegExp(`^${SIMULATOR_PROVIDER}/(economy|premium)$`);

function baseUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return "must be a URL up to where the API's own paths begin, e.g. up to and including /v1";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https:// or http://";
  if (url.username !== "" || url.password !== "") return "must not hold credentials";
  if (url.search !== "" || url.hash !== "") return "must end with its path";
  if (text.endsWith("/")) return "must not end with a slash";
  return undefined;
}
