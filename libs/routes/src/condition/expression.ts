// A parsed and checked condition: what it is printed, priced, evaluated and translated from.

/** CEL's name of a static type: string, int, double, bool, dyn, list<...>, map<string, ...> or one of OBJECT_TYPES. */
export type TypeName = string;

export const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="] as const;
export type Comparison = (typeof COMPARISONS)[number];
export const ARITHMETIC = ["+", "-", "*", "/", "%"] as const;
export type Arithmetic = (typeof ARITHMETIC)[number];

export const FUNCTIONS = ["size", "double", "int", "string", "bool", "holds"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];
export const METHODS = [
  "contains",
  "startsWith",
  "endsWith",
  "matches",
  "size",
  "lowerAscii",
  "upperAscii",
  "trim",
] as const;
export type MethodName = (typeof METHODS)[number];
export const MACROS = ["all", "exists", "exists_one"] as const;
type MacroName = (typeof MACROS)[number];

export type Scalar = string | number | boolean;
export type Literal = { kind: "literal"; type: TypeName; value: Scalar };
export type Select = { kind: "select"; type: TypeName; of: Expression; field: string };

export type Expression =
  | Literal
  | Select
  | { kind: "name"; type: TypeName; name: string }
  | { kind: "index"; type: TypeName; of: Expression; key: Expression }
  | { kind: "has"; type: TypeName; field: Select }
  | { kind: "not" | "negative"; type: TypeName; of: Expression }
  /** Two or more; the order does not matter. */
  | { kind: "and" | "or"; type: TypeName; items: readonly Expression[] }
  | { kind: "compare"; type: TypeName; operator: Comparison; left: Expression; right: Expression }
  | { kind: "arithmetic"; type: TypeName; operator: Arithmetic; left: Expression; right: Expression }
  | { kind: "in"; type: TypeName; element: Expression; of: Expression }
  | { kind: "choice"; type: TypeName; condition: Expression; whenTrue: Expression; whenFalse: Expression }
  | { kind: "list"; type: TypeName; items: readonly Expression[] }
  | { kind: "function"; type: TypeName; name: FunctionName; of: Expression }
  | { kind: "method"; type: TypeName; name: MethodName; of: Expression; args: readonly Expression[] }
  | { kind: "each"; type: TypeName; macro: MacroName; of: Expression; variable: string; body: Expression };

/** True for what can stand after a dot; other names take index syntax: headers["x-user-plan"]. */
export function isFieldName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !RESERVED.has(name);
}

const RESERVED = new Set(
  (
    "true false null in as break const continue else for function if import let loop package namespace return var void while " +
    "__proto__ prototype"
  ).split(" "),
);
