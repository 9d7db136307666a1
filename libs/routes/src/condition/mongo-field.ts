// The dotted paths of Mongo-like conditions: `headers.x-user-plan`, `model.openai/gpt-4.1.error_share`, and what they are in CEL.
import { fieldType, knownFields, VARIABLES } from "./environment.ts";
import { isFieldName } from "./expression.ts";
import { printLiteral, printMember } from "./print-cel.ts";

export interface MongoField {
  readonly cel: string;
  /** `text`: always text, and compared with numbers as a number. `dyn`: whatever the client sent. */
  readonly kind: "text" | "string" | "int" | "double" | "bool" | "dyn";
  /** CEL that is true where the field is there. */
  readonly presence: string;
  /** `presence` and every fitting comparison have a value. */
  readonly isAlwaysThere: boolean;
}

const TEXT_MAPS = ["metadata.", "headers.", "caller.tags."] as const;

/** The field, or what is wrong with the path. */
export function readMongoField(path: string): MongoField | string {
  for (const prefix of TEXT_MAPS) {
    if (path.startsWith(prefix)) return textField(prefix.slice(0, -1), path.slice(prefix.length));
  }
  const [root = "", ...rest] = path.split(".");
  const name = rest.join(".");
  const type = VARIABLES.get(root);
  if (type === undefined || name === "") return `is no field; there are ${[...VARIABLES.keys()].join(".*, ")}.*`;
  if (root === "body") return bodyField(name);
  if (root === "model") return modelField(rest);
  return knownField(root, name, type);
}

function textField(map: string, key: string): MongoField | string {
  if (key === "") return "is no field; a name must follow the dot";
  const name = map === "headers" ? key.toLowerCase() : key;
  return { cel: printMember(map, name), kind: "text", presence: presenceIn(map, name), isAlwaysThere: false };
}

function bodyField(name: string): MongoField | string {
  const [first = "", ...rest] = name.split(".");
  const isNested = rest.length > 0;
  if (isNested && first !== "metadata") return "is no field; of the body there are its top-level fields and metadata.*";
  const [map, key] = isNested ? ["body.metadata", rest.join(".")] : ["body", first];
  if (key === "") return "is no field; a name must follow the dot";
  return { cel: printMember(map, key), kind: "dyn", presence: presenceIn(map, key), isAlwaysThere: false };
}

/** Names of models have dots and slashes; the last part is the field. */
function modelField(parts: readonly string[]): MongoField | string {
  const field = parts.at(-1) ?? "";
  const model = parts.slice(0, -1).join(".");
  const kind = kindOf(fieldType("ModelFacts", field));
  if (model === "" || kind === undefined) {
    return `must be model.<provider>/<model>.<field>; fields are ${knownFields("ModelFacts")}`;
  }
  const name = printLiteral(model, "string");
  return { cel: `model[${name}].${field}`, kind, presence: `${name} in model`, isAlwaysThere: false };
}

function knownField(root: string, name: string, type: string): MongoField | string {
  const kind = kindOf(fieldType(type, name));
  if (kind === undefined) return `is no field of ${root}; there are ${knownFields(type)}`;
  const cel = `${root}.${name}`;
  return { cel, kind, presence: `has(${cel})`, isAlwaysThere: root !== "budget" };
}

function kindOf(type: string | undefined): MongoField["kind"] | undefined {
  return type === "string" || type === "int" || type === "double" || type === "bool" ? type : undefined;
}

function presenceIn(map: string, key: string): string {
  return isFieldName(key) ? `has(${map}.${key})` : `${printLiteral(key, "string")} in ${map}`;
}
