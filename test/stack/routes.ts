// Routes of a test stack and what became of the requests that went by them: who answered, by which way, and what was recorded.
import assert from "node:assert/strict";
import { eventually, freePort } from "@waybill/testing";
import { type Admin, adminOf } from "./admin.ts";
import { type AskOptions, ask, readStream } from "./ask.ts";
import type { TestStack } from "./start-stack.ts";

interface Model {
  windowTokens?: number;
  /** USD per million tokens of input; output is four times that. */
  price?: number;
  /** Without it `auto` does not take the model where others have one. */
  quality?: number;
}

/** A waybill.yaml with the scripted models `scripted-<name>`. */
export const modelsYaml =
  (models: Readonly<Record<string, Model>>) =>
  (url: string): string => {
    const lines = Object.entries(models).map(([name, { windowTokens = 1_000_000, price = 1, quality }]) => {
      const limits = `contextWindowTokens: ${windowTokens}, maxOutputTokens: 4096`;
      const usd = `price: {input: "${price}", output: "${4 * price}"}`;
      return `      - {name: scripted-${name}, ${limits}, ${usd}${quality ? `, quality: {"": ${quality}}` : ""}}`;
    });
    return `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
${lines.join("\n")}
`;
  };

export const END = { id: "end", kind: "end" };

/** A node for a model of `modelsYaml`, named as it is there. */
export const modelNode = (name: string, more: object = {}): object & { id: string } => ({
  ...{ id: name, kind: "model", model: `scripted/scripted-${name}`, next: "end" },
  ...more,
});

/** A route in which each model is the fallback of the one before. */
export function chainOf(first: object & { id: string }, ...others: string[]): object {
  const nodes = [first, ...others.map((name) => modelNode(name))];
  const linked = nodes.map((node, index) => {
    const fallback = nodes[index + 1]?.id;
    return { ...node, ...(fallback && { fallback }) };
  });
  return { nodes: [{ id: "start", kind: "start", next: first.id }, ...linked, END] };
}

/** What an answer's headers say. */
export interface Served {
  status: number;
  /** As in `modelsYaml`. */
  model: string;
  route: string;
  path: string;
  mode: string;
  affinity: string;
  attempts: number;
  id: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what is there is what the test says
type Decisions = any[];

/** Requests under way at once where there are many. */
const AT_ONCE = 20;

export class RouteUser {
  /** Of all requests so far. */
  attempts = 0;
  readonly #stack: TestStack;
  readonly #admin: Admin;

  constructor(stack: TestStack) {
    this.#stack = stack;
    this.#admin = adminOf(stack);
  }

  /** Two ingresses that each ask a router of their own. */
  async startOtherIngress(): Promise<[url: string, otherUrl: string]> {
    const port = String(await freePort());
    const WAYBILL_ROUTER_URLS = this.#stack.routerUrls.toReversed().join(",");
    await this.#stack.start("ingress", { env: { WAYBILL_HTTP_PORT: port, WAYBILL_ROUTER_URLS } });
    return [this.#stack.url, `http://127.0.0.1:${port}`];
  }

  async makeRoute(name: string, document: object): Promise<void> {
    const { status, body } = await this.#admin("POST", "/api/v1/routes", { name, document, deploy: true });
    assert.equal(status, 201, JSON.stringify(body));
  }

  /** A stream is read to its end, too, and must have one. */
  async serve(options: AskOptions): Promise<Served> {
    const answer = await ask(this.#stack, options);
    if (!options.stream) await answer.text();
    else {
      const { done, errorCode } = await readStream(answer);
      assert.ok(done && errorCode === undefined, `the stream ended with ${errorCode}`);
    }
    return this.note(answer);
  }

  async serveMany(all: readonly AskOptions[]): Promise<Served[]> {
    const served: Served[] = [];
    for (let at = 0; at < all.length; at += AT_ONCE) {
      served.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map((options) => this.serve(options)))));
    }
    return served;
  }

  /** For an answer that was asked for in another way. */
  note({ status, headers }: Response): Served {
    const said = (name: string): string => headers.get(`x-waybill-${name}`) ?? "";
    const attempts = Number(said("attempts"));
    this.attempts += attempts;
    const model = said("model").replace("scripted-", "");
    const id = headers.get("x-request-id") ?? "";
    const affinity = said("session-affinity");
    return { status, model, route: said("route"), path: said("path"), mode: said("mode"), affinity, attempts, id };
  }

  /** The decisions of a request, once all of them are known and, where it is asked for, booked. */
  decisionsOf({ id, attempts }: Served, { booked = false } = {}): Promise<Decisions> {
    const look = async () => {
      const { body } = await this.#admin("GET", `/api/v1/requests/${id}`);
      const decisions: Decisions = body.decisions ?? [];
      const isThere = decisions.length === attempts && (!booked || decisions.every(({ cost }) => cost !== null));
      return isThere ? decisions : undefined;
    };
    return eventually(look, { reason: `the decisions of ${id}`, timeoutMs: 15_000, intervalMs: 100 });
  }

  /** What stands on the books, by attempt: model, outcome and, of a failure, its code. */
  async booksOf(served: Served): Promise<string[]> {
    const decisions = await this.decisionsOf(served, { booked: true });
    return decisions.map(({ cost: { model, outcome, errorCode } }) =>
      [model.replace("scripted/scripted-", ""), outcome, ...(errorCode ? [errorCode] : [])].join(" "),
    );
  }

  /** Why the first candidate of the first decision was left out; null: it was not. */
  async skippedBecause(served: Served): Promise<string | null> {
    return (await this.decisionsOf(served))[0].explanation.candidates[0].rejectedBecause;
  }

  callsOf(model: string): number {
    return this.#stack.provider.log.entries().filter((call) => call.model === `scripted-${model}`).length;
  }
}
