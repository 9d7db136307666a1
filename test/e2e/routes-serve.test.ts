// Routes choose as docs/routes.md says, on one stack with two routers: splits keep their shares and their keys, and `auto` takes the
// model that its request asks for.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import OpenAI from "openai";
import { adminOf } from "../stack/admin.ts";
import { openaiClient } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { END, modelNode, modelsYaml, RouteUser, type Served } from "../stack/routes.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** `balanced` takes what is within 1.5 % of the best quality, `cost` what is within 5.5 %. */
const MODELS = {
  ...{ a: {}, b: {}, c: {} },
  best: { quality: 1, price: 8 },
  good: { quality: 0.99, price: 4 },
  fair: { quality: 0.95, price: 2 },
  poor: { quality: 0.5 },
};

let stack: TestStack;
let routes: RouteUser;
/** Of two ingresses: each asks a router of its own. */
let urls: readonly string[];

before(async () => {
  stack = await startStack({ replicas: { router: 2, console: 1 }, waybillYaml: modelsYaml(MODELS) });
  routes = new RouteUser(stack);
  urls = await routes.startOtherIngress();
});
after(() => stack[Symbol.asyncDispose]());

describe("a split", () => {
  type Shares = Readonly<Record<string, number>>;
  const KEYS = Array.from({ length: 500 }, (_, index) => `user-${index}`);
  const split = (shares: Shares, by?: string) => {
    const arms = Object.entries(shares).map(([next, percent]) => ({ percent, next }));
    return {
      nodes: [
        { id: "start", kind: "start", next: "split" },
        { id: "split", kind: "split", ...(by && { by }), shares: arms },
        ...Object.keys(shares).map((name) => modelNode(name)),
        END,
      ],
    };
  };
  /** By key, in their order. */
  const armsAt = async (url: string): Promise<string[]> => {
    const asked = KEYS.map((user) => ({ url, model: "dynamic/shared", fields: { metadata: { user } } }));
    return (await routes.serveMany(asked)).map(({ model }) => model);
  };
  const routerAt = async (url: string): Promise<string> => {
    const [decision] = await routes.decisionsOf(await routes.serve({ url, model: "scripted-a" }));
    return decision.routerId;
  };
  /** To within three standard deviations of so many fair draws; the same keys always give the same result. */
  const assertShares = (arms: readonly string[], shares: Shares) => {
    for (const [arm, percent] of Object.entries(shares)) {
      const got = (100 * arms.filter((name) => name === arm).length) / arms.length;
      const most = 3 * Math.sqrt((percent * (100 - percent)) / arms.length);
      assert.ok(Math.abs(got - percent) <= most, `${arm} has ${got} % instead of ${percent} %`);
    }
  };

  it("by a key keeps its shares, gives a key one arm on both routers, and loses nobody from an arm that it raises", async () => {
    const [set, raised] = [
      { a: 50, b: 30, c: 20 },
      { c: 10, b: 20, a: 70 },
    ];
    await routes.makeRoute("shared", split(set, "metadata.user"));
    const [router, otherRouter] = await Promise.all(urls.map(routerAt));
    assert.notEqual(router, otherRouter);
    const [before, beforeElsewhere] = await Promise.all(urls.map(armsAt));
    assert.ok(before);
    assertShares(before, set);
    assert.deepEqual(beforeElsewhere, before);

    const admin = adminOf(stack);
    const version = { document: split(raised, "metadata.user"), basedOnVersion: 1 };
    assert.equal((await admin("POST", "/api/v1/routes/shared/versions", version)).status, 201);
    assert.equal((await admin("POST", "/api/v1/routes/shared/deployments", { version: 2 })).status, 201);
    for (const url of urls) {
      const isThere = async () => (await routes.serve({ url, model: "dynamic/shared" })).route === "shared@v2";
      await eventually(isThere, { reason: `version 2 is served at ${url}` });
    }
    const [after, afterElsewhere] = await Promise.all(urls.map(armsAt));
    assert.ok(after);
    assertShares(after, raised);
    assert.deepEqual(afterElsewhere, after);
    const lost = KEYS.filter((_, index) => before[index] === "a" && after[index] !== "a");
    assert.deepEqual(lost, []);
  });

  it("at random keeps a share of one router to within three requests of 200", async () => {
    await routes.makeRoute("random", split({ a: 30, b: 70 }));
    const served = await routes.serveMany(Array.from({ length: 200 }, () => ({ model: "dynamic/random" })));
    const count = served.filter(({ model }) => model === "a").length;
    assert.ok(Math.abs(count - 60) <= 3, `${count} of 200 instead of 60`);
  });
});

describe("auto, asked for with the official client", () => {
  const messages = [{ role: "user" as const, content: "hi" }];
  /** As a client would say it in the body, in headers, or in both. */
  const create = async (routing?: object, headers: Record<string, string> = {}, model = "auto"): Promise<Served> => {
    const request = { model, messages, ...(routing && { routing_config: routing }) };
    const { response } = await openaiClient(stack).chat.completions.create(request, { headers }).withResponse();
    return routes.note(response);
  };

  it("takes the cheapest of the good ones, the best, or a cheaper one, as the mode of the request says", async () => {
    const served = [
      await create(),
      await create({ mode: "quality" }),
      await create({ mode: "balanced" }),
      await create({ mode: "cost" }),
      await create(undefined, { "x-waybill-mode": "quality" }),
      await create(undefined, { "x-waybill-mode": "cost" }),
      // The body goes before a header.
      await create({ mode: "quality" }, { "x-waybill-mode": "cost" }),
    ];
    assert.deepEqual(
      served.map(({ model, mode }) => `${model} ${mode}`),
      ["good balanced", "best quality", "good balanced", "fair cost", "best quality", "fair cost", "best quality"],
    );
    assert.deepEqual(
      served.filter(({ route }) => route !== ""),
      [],
      "auto is no route",
    );
  });

  it("chooses among the models that the request names, by any of their names", async () => {
    const few = ["scripted/scripted-fair", "scripted-poor"];
    const served = [
      await create({ mode: "quality", models: few }),
      await create({ models: ["scripted-poor"] }),
      await create(undefined, { "x-waybill-mode": "quality", "x-waybill-models": few.join(",") }),
      await create(undefined, { "x-waybill-models": "scripted-poor" }),
    ];
    assert.deepEqual(
      served.map(({ model }) => model),
      ["fair", "poor", "fair", "poor"],
    );
  });

  it("streams", async () => {
    const request = { model: "auto", messages, stream: true as const, routing_config: { mode: "cost" } };
    const { data, response } = await openaiClient(stack).chat.completions.create(request).withResponse();
    let text = "";
    for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? "";
    assert.ok(text.length > 0);
    assert.equal(routes.note(response).model, "fair");
  });

  it("stays with the model of a session as long as the request wants that", async () => {
    const headers = { "x-waybill-session-id": "chat-17", "x-waybill-session-affinity": "sticky" };
    const served = [
      await create({ mode: "quality" }, headers),
      await create({ mode: "cost" }, headers),
      await create({ mode: "cost", session_affinity: { strategy: "none" } }, headers),
    ];
    assert.deepEqual(
      served.map(({ model, affinity }) => `${model} ${affinity}`.trim()),
      ["best sticky initialize", "best sticky retain", "fair"],
    );
  });

  it("obeys the same wishes in a route, within the models of the node there, and falls back on the next best", async () => {
    const models = ["scripted-good", "scripted-fair"];
    const node = { id: "pick", kind: "auto", mode: "quality", models, next: "end" };
    await routes.makeRoute("pick", { nodes: [{ id: "start", kind: "start", next: "pick" }, node, END] });
    const served = [
      await create(undefined, {}, "dynamic/pick"),
      await create({ mode: "cost" }, {}, "dynamic/pick"),
      await create({ models: ["scripted-fair", "scripted-best"] }, {}, "dynamic/pick"),
    ];
    assert.deepEqual(
      served.map(({ model, mode, route, path }) => `${model} ${mode} ${route} ${path}`),
      ["good quality", "fair cost", "fair quality"].map((choice) => `${choice} pick@v1 start>pick`),
    );
    const script = [{ fault: { kind: "status", status: 500 } as const }, {}];
    const fallen = await routes.serve({ model: "dynamic/pick", script });
    assert.deepEqual(await routes.booksOf(fallen), ["good failed_free upstream_error", "fair success"]);
  });

  it("refuses a wish that it does not understand with a 400 that names the field", async () => {
    const wrong: [param: string, routing: object | undefined, headers?: Record<string, string>][] = [
      ["routing_config", ["quality"]],
      ["routing_config.mode", { mode: "fastest" }],
      ["routing_config.models", { models: "scripted-best" }],
      ["routing_config.models[1]", { models: ["scripted-best", "two words"] }],
      ["routing_config.models", { models: ["scripted-nobody"] }],
      ["routing_config.prefer", { prefer: "cheap" }],
      ["routing_config.session_affinity.strategy", { session_affinity: { strategy: "forever" } }],
      ["x-waybill-mode", undefined, { "x-waybill-mode": "fastest" }],
    ];
    const calls = stack.provider.log.entries().length;
    for (const [param, routing, headers] of wrong) {
      const isRefused = (error: unknown): boolean => {
        assert.ok(error instanceof OpenAI.BadRequestError, `${param}: ${error}`);
        assert.deepEqual([error.param, error.code], [param, "invalid_value"]);
        // A name that nobody has is what a person has to see.
        assert.ok(error.message.includes(param) || error.message.includes("scripted-nobody"), error.message);
        return true;
      };
      await assert.rejects(create(routing, headers), isRefused);
    }
    assert.equal(stack.provider.log.entries().length, calls, "the provider was not called");
  });
});

describe("after all of that", () => {
  it("every attempt is on the books once, and what they cost is what the budget has posted", async () => {
    await booksAreRight(stack, { attempts: routes.attempts, timeoutMs: 60_000 });
  });
});
