// Every route that the ingress's code declares, found by reading it, and what the table says of each.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SURFACES } from "@waybill/surfaces";
import type { ErrorForm } from "./refusals.ts";

const INBOUND = fileURLToPath(new URL("../../../services/ingress/src/inbound", import.meta.url));

export interface IngressRow {
  form: ErrorForm;
  /** A body that asks for `model`; undefined: the route takes none. */
  body?: (model: string) => object;
  /** What a model of another organisation's is to it; undefined: it looks at no model. */
  foreignModel?: string;
  /** Where it is asked, if not at its own path. */
  at?: string;
  /** The model that it is asked for; else one that answers. */
  model?: string;
  /** What whoever may hears instead of 200, and is told to everybody else, too. */
  always?: string;
  /** What stands below it; else nothing. */
  below?: string;
}

const messages = [{ role: "user", content: "hello" }];

/** `METHOD path` -> what it promises. A route without a row fails the test. */
export const INGRESS_ROWS: Readonly<Record<string, IngressRow>> = {
  "POST /v1/chat/completions": {
    form: "openai",
    body: (model) => ({ model, messages }),
    foreignModel: "404 model_not_found",
  },
  "POST /v1/messages": {
    form: "anthropic",
    body: (model) => ({ model, messages, max_tokens: 10 }),
    foreignModel: "404 model_not_found",
  },
  // It counts and asks nobody: a model's name tells it nothing.
  "POST /v1/messages/count_tokens": { form: "anthropic", body: (model) => ({ model, messages }) },
  "POST /v1/responses": {
    form: "openai",
    body: (model) => ({ model, input: "hello" }),
    foreignModel: "404 model_not_found",
    below: "404 responses_not_kept",
  },
  "POST /v1/completions": {
    form: "openai",
    body: (model) => ({ model, prompt: "hello" }),
    foreignModel: "404 model_not_found",
  },
  "POST /v1/embeddings": {
    form: "openai",
    body: (model) => ({ model, input: "hello" }),
    foreignModel: "404 model_not_found",
    model: "scripted/scripted-e",
  },
  "GET /v1/models": { form: "openai", below: "404 model_not_found" },
  "GET /v1/models/*": { form: "openai", at: "/v1/models/scripted/scripted-1", below: "404 model_not_found" },
  // No response is ever kept, so there is nothing to be hidden from anybody.
  "ALL /v1/responses/:id": {
    form: "openai",
    at: "/v1/responses/resp_1",
    always: "404 responses_not_kept",
    below: "404 responses_not_kept",
  },
  "ALL /v1/responses/:id/*": {
    form: "openai",
    at: "/v1/responses/resp_1/input_items",
    always: "404 responses_not_kept",
    below: "404 responses_not_kept",
  },
};

const DECLARATION = /\bserver\s*\.(get|post|put|patch|delete|head|options|all|route)(?:<[^(]*>)?\(\s*([^,]+),/g;

/** `METHOD path` of every route of the code. Throws where one is declared in a way that cannot be read here. */
export async function ingressRoutes(): Promise<string[]> {
  const names = (await readdir(INBOUND)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const texts = await Promise.all(names.map((name) => readFile(join(INBOUND, name), "utf8")));
  return texts.flatMap(routesIn);
}

/** The same of one file's text. */
export function routesIn(code: string): string[] {
  return [...code.matchAll(DECLARATION)].flatMap(([, method = "", path = ""]) => {
    const verb = method.toUpperCase();
    const literal = /^"(\/[^"]*)"$/.exec(path.trim())?.[1];
    if (literal !== undefined) return [`${verb} ${literal}`];
    if (path.trim() === "surface.path") return SURFACES.map((surface) => `${verb} ${surface.path}`);
    throw new Error(`cannot read the path of server.${method}(${path}: teach ${import.meta.url}`);
  });
}
