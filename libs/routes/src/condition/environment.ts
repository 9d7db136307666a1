// What the names in a condition stand for, and of which type each field is. Kept in step with facts.ts by the compiler.
import type { TypeName } from "./expression.ts";
import type { BudgetFacts, CallerFacts, Facts, ModelFacts, RequestFacts } from "./facts.ts";

type Fields<T> = Readonly<Record<keyof T, TypeName>>;

const REQUEST: Fields<RequestFacts> = {
  model: "string",
  path: "string",
  stream: "bool",
  estimated_input_tokens: "int",
  max_output_tokens: "int",
  context_tokens: "int",
  part_count: "int",
  has_tools: "bool",
  has_images: "bool",
  has_json_schema: "bool",
  session_id: "string",
  hour: "int",
  weekday: "int",
};

const CALLER: Fields<CallerFacts> = {
  organisation_id: "string",
  team_id: "string",
  user_id: "string",
  key_id: "string",
  end_user_id: "string",
  tags: "map<string, string>",
};

const BUDGET: Fields<BudgetFacts> = {
  name: "string",
  used_share: "double",
  burn_usd_per_hour: "double",
  hours_to_exhaustion: "double",
  remaining_usd: "double",
};

const MODEL: Fields<ModelFacts> = { live: "bool", circuit: "string", error_share: "double", first_token_ms: "double" };

/** The types whose fields are known when a condition is saved. */
export const OBJECT_TYPES: ReadonlyMap<TypeName, ReadonlyMap<string, TypeName>> = new Map([
  ["Request", new Map(Object.entries(REQUEST))],
  ["Caller", new Map(Object.entries(CALLER))],
  ["Budget", new Map(Object.entries(BUDGET))],
  ["ModelFacts", new Map(Object.entries(MODEL))],
]);

const ROOTS: Fields<Facts> = {
  metadata: "map<string, string>",
  headers: "map<string, string>",
  body: "map<string, dyn>",
  request: "Request",
  caller: "Caller",
  budget: "Budget",
  model: "map<string, ModelFacts>",
};

/** The names every condition starts from. */
export const VARIABLES: ReadonlyMap<string, TypeName> = new Map(Object.entries(ROOTS));

/** The type of `of.field`; undefined: there is no such field. */
export function fieldType(of: TypeName, field: string): TypeName | undefined {
  const fields = OBJECT_TYPES.get(of);
  if (fields) return fields.get(field);
  if (of === "dyn") return "dyn";
  return /^map<string, (.+)>$/.exec(of)?.[1];
}

/** `budget.used_share, budget.name, ...` without the prefix, for messages. */
export function knownFields(of: TypeName): string {
  return [...(OBJECT_TYPES.get(of)?.keys() ?? [])].join(", ");
}
