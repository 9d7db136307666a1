// The admin API held against its own document: whoever asks through this sees an answer that the document does not promise as a failure.
import assert from "node:assert/strict";
import { type Admin, adminOf } from "./admin.ts";
import { misfits, type Schema } from "./json-schema.ts";
import type { TestStack } from "./start-stack.ts";

interface Operation {
  operationId: string;
  tags: string[];
  responses: Record<string, { content: { "application/json"?: { schema: Schema } } }>;
}

export interface HeldAdmin {
  /** Asks with `key`; default: the installation's own. */
  as(key?: string): Admin;
  /** Operations under /api/v1 that never answered with success, of those that are meant and do not answer with a file. */
  unseen(isMeant: (tag: string) => boolean): string[];
}

export async function heldAdmin(stack: TestStack): Promise<HeldAdmin> {
  const paths: Record<string, Record<string, Operation>> = (await adminOf(stack)("GET", "/api/v1/openapi.json")).body
    .paths;
  const seen = new Set<string>();
  return {
    as(key) {
      const plain = adminOf(stack, key ?? stack.keys.admin);
      return async (method, path, body, headers) => {
        const answer = await plain(method, path, body, headers);
        const operation = operationOf(paths, method, path);
        if (operation) {
          const said = operation.responses[answer.status] ?? operation.responses.default;
          const schema = said?.content["application/json"]?.schema;
          assert.ok(schema, `${method} ${path}: ${answer.status} is not in the document`);
          assert.deepEqual(misfits(answer.body, schema), [], `${method} ${path} ${answer.status}`);
          if (answer.status < 300) seen.add(operation.operationId);
        }
        assert.match(answer.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
        return answer;
      };
    },
    unseen: (isMeant) =>
      Object.entries(paths)
        .filter(([path]) => path.startsWith("/api/v1/") && path !== "/api/v1/openapi.json")
        .flatMap(([, operations]) => Object.values(operations))
        .filter(({ responses }) => responses["200"]?.content["application/json"] || responses["201"])
        .filter(({ operationId, tags }) => !seen.has(operationId) && tags.some(isMeant))
        .map(({ operationId }) => operationId),
  };
}

function operationOf(
  paths: Record<string, Record<string, Operation>>,
  method: string,
  path: string,
): Operation | undefined {
  const plain = path.split("?")[0] ?? "";
  // The one with the fewest parameters is meant.
  const found = Object.keys(paths)
    .filter((template) => patternOf(template).test(plain) && paths[template]?.[method.toLowerCase()])
    .sort((a, b) => a.split("{").length - b.split("{").length)[0];
  return found === undefined ? undefined : paths[found]?.[method.toLowerCase()];
}

function patternOf(template: string): RegExp {
  const last = template.endsWith("/{provider}/{model}");
  const text = template.replace(/\{\w+\}/g, (_, at: number) =>
    last && template.indexOf("{model}") === at ? ".+" : "[^/]+",
  );
  return new RegExp(`^${text}$`);
}
