// Whether a value fits a JSON Schema, as far as the admin API's document uses it. An unknown keyword is an error, not a pass.

export type Schema = Readonly<Record<string, unknown>>;

/** Say nothing about a value, or only what is good to know. */
const SILENT = new Set(["description", "format", "default", "propertyNames", "title"]);

/** What is wrong, one line each, with the place. Throws on a keyword it does not know. */
export function misfits(value: unknown, schema: Schema, at = "$"): string[] {
  return Object.entries(schema).flatMap(([keyword, said]) => {
    if (SILENT.has(keyword)) return [];
    const check = CHECKS[keyword];
    if (!check) throw new Error(`${at}: the schema says ${keyword}, which this test does not know`);
    return check(value, said, at, schema);
  });
}

type Check = (value: unknown, said: unknown, at: string, schema: Schema) => string[];

const when = (isWrong: boolean, problem: string): string[] => (isWrong ? [problem] : []);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 100) ?? "undefined";

function typeOf(value: unknown): string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["integer", "number"] : [typeof value];
}

const CHECKS: Readonly<Record<string, Check>> = {
  type: (value, said, at) => {
    const allowed = Array.isArray(said) ? said : [said];
    return when(!typeOf(value).some((type) => allowed.includes(type)), `${at} is ${shown(value)}, not ${allowed}`);
  },
  enum: (value, said, at) => when(!(said as unknown[]).includes(value), `${at} is ${shown(value)}, not one of ${said}`),
  const: (value, said, at) => when(value !== said, `${at} is ${shown(value)}, not ${said}`),
  pattern: (value, said, at) =>
    when(typeof value === "string" && !new RegExp(String(said)).test(value), `${at} ${shown(value)} is not ${said}`),
  minimum: (value, said, at) => when(typeof value === "number" && value < Number(said), `${at} is below ${said}`),
  maximum: (value, said, at) => when(typeof value === "number" && value > Number(said), `${at} is above ${said}`),
  minLength: (value, said, at) => when(typeof value === "string" && value.length < Number(said), `${at} is too short`),
  maxLength: (value, said, at) => when(typeof value === "string" && value.length > Number(said), `${at} is too long`),
  minItems: (value, said, at) => when(Array.isArray(value) && value.length < Number(said), `${at} has too few`),
  maxItems: (value, said, at) => when(Array.isArray(value) && value.length > Number(said), `${at} has too many`),
  required: (value, said, at) =>
    isObject(value)
      ? (said as string[]).filter((name) => !(name in value)).map((name) => `${at}.${name} is missing`)
      : [],
  properties: (value, said, at) =>
    isObject(value)
      ? Object.entries(said as Record<string, Schema>).flatMap(([name, schema]) =>
          name in value ? misfits(value[name], schema, `${at}.${name}`) : [],
        )
      : [],
  additionalProperties: (value, said, at, { properties = {} }) => {
    if (!isObject(value) || said === true) return [];
    const others = Object.entries(value).filter(([name]) => !(name in (properties as object)));
    if (said === false) return others.map(([name]) => `${at}.${name} is not in the document`);
    return others.flatMap(([name, item]) => misfits(item, said as Schema, `${at}.${name}`));
  },
  items: (value, said, at) =>
    Array.isArray(value) ? value.flatMap((item, index) => misfits(item, said as Schema, `${at}[${index}]`)) : [],
  anyOf: (value, said, at) => {
    const tries = (said as Schema[]).map((schema) => misfits(value, schema, at));
    return tries.some((problems) => problems.length === 0) ? [] : (tries[0] ?? []);
  },
};
