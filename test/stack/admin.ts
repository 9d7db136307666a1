// The admin API of a test stack as a person uses it: a method, a path, a body, and what came back.
import type { TestStack } from "./start-stack.ts";

export interface AdminAnswer {
  status: number;
  // Tests look into answers of every shape.
  // biome-ignore lint/suspicious/noExplicitAny: what is there is what the test says
  body: any;
  headers: Headers;
}

export type Admin = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<AdminAnswer>;

/** Asks with `key`; undefined: without any. Text goes out as it is, anything else as JSON. */
export function adminOf(stack: TestStack, key: string | undefined = stack.keys.admin): Admin {
  return async (method, path, body, headers = {}) => {
    const answer = await fetch(`${stack.adminUrl}${path}`, {
      method,
      headers: {
        ...(key !== undefined && key !== "" && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json(), headers: answer.headers };
  };
}

/** Everything goes to one model. */
export const routeTo = (model: string) => ({
  nodes: [
    { id: "start", kind: "start", next: "model" },
    { id: "model", kind: "model", model, next: "end" },
    { id: "end", kind: "end" },
  ],
});
