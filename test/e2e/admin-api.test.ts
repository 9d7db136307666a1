// The admin API on a whole stack: routes from draft to roll-back, roles and organisations, what is refused and how; and every answer of
// every operation is held against the OpenAPI document that the same server gives out.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { type Admin, type AdminAnswer, routeTo } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type HeldAdmin, heldAdmin } from "../stack/held-admin.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
let admin: Admin;
let documented: HeldAdmin;

before(async () => {
  stack = await startStack({ replicas: { console: 1 } });
  documented = await heldAdmin(stack);
  admin = documented.as();
});
after(() => stack[Symbol.asyncDispose]());

/** Makes an admin key as the owner of the database does. */
async function makeKey(role: string, organisationId: string): Promise<string> {
  const [keyId, secret] = [randomBytes(8).toString("hex"), randomBytes(32).toString("base64url")];
  await stack.sql(
    "INSERT INTO accounts.admin_key (key_id, secret_sha256, organisation_id, name, role) VALUES ($1, $2, $3, $4, $5)",
    [keyId, createHash("sha256").update(secret).digest(), organisationId, `${role} of ${organisationId}`, role],
  );
  return `wba_${keyId}_${secret}`;
}

async function servedBy(model: string, headers: Record<string, string> = {}): Promise<string | null> {
  const answer = await ask(stack, { model, headers });
  await answer.text();
  return answer.headers.get("x-waybill-model");
}

const isServedBy = (model: string, expected: string): Promise<unknown> =>
  eventually(async () => (await servedBy(model)) === expected, { timeoutMs: 1_000, reason: `${model} is ${expected}` });

const problemsOf = ({ body }: AdminAnswer): string[] =>
  body.error.problems.map(({ node, field, problem }: Record<string, string>) => `${node}|${field}|${problem}`);

describe("a route", () => {
  it("goes from a draft to service, to a newer version, and back, each live in a second", async () => {
    const draft = await admin("POST", "/api/v1/routes", {
      name: "chat",
      document: routeTo("scripted/scripted-1"),
      reason: "begin",
    });
    assert.equal(draft.status, 201);
    assert.deepEqual([draft.body.route.deployedVersion, draft.body.version.version], [null, 1]);
    const deployed = await admin("POST", "/api/v1/routes/chat/deployments", { version: 1, reason: "go" });
    assert.equal(deployed.body.deployedVersion, 1);
    await isServedBy("dynamic/chat", "scripted-1");

    const next = { document: routeTo("scripted/scripted-2"), deploy: true, basedOnVersion: 1 };
    assert.equal((await admin("POST", "/api/v1/routes/chat/versions", next)).status, 201);
    await isServedBy("dynamic/chat", "scripted-2");
    const late = await admin("POST", "/api/v1/routes/chat/versions", next);
    assert.deepEqual([late.status, late.body.error.code], [409, "version_conflict"]);

    assert.deepEqual((await admin("GET", "/api/v1/routes/chat/diff?from=1&to=2")).body.lines, [
      "~ model.model: scripted/scripted-1 -> scripted/scripted-2",
    ]);
    assert.equal((await admin("POST", "/api/v1/routes/chat/rollback")).body.deployedVersion, 1);
    await isServedBy("dynamic/chat", "scripted-1");
    const { deployments } = (await admin("GET", "/api/v1/routes/chat/deployments")).body;
    assert.deepEqual(
      deployments.map(({ version }: { version: number }) => version),
      [1, 2, 1],
    );
  });

  it("is told every problem at once, with its node, and nothing is saved", async () => {
    const document = {
      nodes: [
        { id: "start", kind: "start", next: "nowhere" },
        { id: "model", kind: "model", model: "scripted/nobody", next: "end" },
        { id: "end", kind: "end" },
      ],
    };
    const refused = await admin("POST", "/api/v1/routes", { name: "bad", document });
    assert.deepEqual([refused.status, refused.body.error.code], [400, "invalid_value"]);
    const problems = problemsOf(refused);
    assert.ok(
      problems.some((line) => line.startsWith("start|next|")),
      problems.join("\n"),
    );
    assert.ok(
      problems.some((line) => line.startsWith("model|model|")),
      problems.join("\n"),
    );
    assert.deepEqual((await admin("POST", "/api/v1/routes/check", { document })).body.problems.length, problems.length);
    assert.equal((await admin("GET", "/api/v1/routes/bad")).status, 404);
  });

  it("comes from the shapes people have, warns of what it changed, and goes out as it came", async () => {
    const text = `{"name":"seeded","nodes":{"start":{"type":"start"},"m":{"type":"model","provider":"scripted","model":"scripted-1"},
      "end":{"type":"end"}},"edges":[{"from":"start","to":"m"},{"from":"m","to":"end"}]}`;
    const read = (await admin("POST", "/api/v1/routes/import", { text })).body;
    assert.deepEqual([read.shape, read.name, read.problems], ["seed", "seeded", []]);
    assert.equal((await admin("GET", "/api/v1/routes/seeded")).status, 404, "an import saves nothing");

    const saved = await admin("POST", "/api/v1/routes", { import: { text }, deploy: true });
    assert.deepEqual([saved.status, saved.body.route.name, saved.body.version.source.shape], [201, "seeded", "seed"]);
    const out = (await admin("GET", "/api/v1/routes/seeded/export?shape=seed")).body;
    assert.deepEqual([out.asImported, out.text], [true, text]);
    const cloudflare = (await admin("GET", "/api/v1/routes/seeded/export?shape=cloudflare")).body;
    assert.equal(JSON.parse(cloudflare.text).elements.length, 3);
    await isServedBy("dynamic/seeded", "scripted-1");
  });

  it("gets another name, and is taken out of service", async () => {
    assert.equal((await admin("PATCH", "/api/v1/routes/seeded", { name: "renamed" })).body.name, "renamed");
    await isServedBy("dynamic/renamed", "scripted-1");
    assert.equal((await admin("DELETE", "/api/v1/routes/renamed?reason=over")).status, 200);
    await eventually(async () => (await servedBy("dynamic/renamed")) === null, {
      timeoutMs: 1_000,
      reason: "it is gone",
    });
    const again = await admin("POST", "/api/v1/routes", { name: "chat", document: routeTo("scripted/scripted-1") });
    assert.deepEqual([again.status, again.body.error.code], [409, "already_exists"]);
  });

  it("is listed by name, page by page", async () => {
    const first = (await admin("GET", "/api/v1/routes?limit=1")).body;
    assert.deepEqual([first.routes.length, first.routes[0].name, first.nextAfter], [1, "chat", "chat"]);
    const second = (await admin("GET", `/api/v1/routes?limit=1&after=${first.nextAfter}`)).body;
    assert.equal(second.routes[0].name, "support");
    assert.equal((await admin("GET", "/api/v1/routes/chat/versions")).body.versions.length, 2);
    assert.equal((await admin("GET", "/api/v1/routes/chat/versions/2")).body.deployed, false);
    assert.equal((await admin("GET", "/api/v1/routes/chat/versions/current")).body.version, 1);
    assert.ok((await admin("GET", "/api/v1/presets")).body.presets.length > 0);
  });
});

describe("who may do what", () => {
  it("nobody without a key, and nobody learns what there is", async () => {
    const nobody = documented.as("");
    for (const path of ["/api/v1/routes", "/api/v1/openapi.json", "/api/v1/nothing", "/", "/api/v1/models/a/b"]) {
      assert.equal((await nobody("GET", path)).status, 401, path);
    }
    const guessed = documented.as(`wba_${"0".repeat(16)}_${"x".repeat(43)}`);
    assert.equal((await guessed("DELETE", "/api/v1/routes/chat")).status, 401);
    assert.equal((await documented.as(stack.keys.support_1)("GET", "/api/v1/routes")).status, 401);
  });

  it("a viewer looks and changes nothing", async () => {
    const viewer = documented.as(await makeKey("viewer", ""));
    assert.equal((await viewer("GET", "/api/v1/routes/chat")).status, 200);
    for (const [method, path, body] of [
      ["POST", "/api/v1/routes/chat/rollback", {}],
      ["DELETE", "/api/v1/routes/chat", undefined],
      ["PUT", "/api/v1/aliases/x", { target: "scripted/scripted-1" }],
    ] as const) {
      const refused = await viewer(method, path, body);
      assert.deepEqual([refused.status, refused.body.error.code], [403, "permission_denied"], path);
    }
  });

  it("an organisation's admin has its own routes and sees neither others nor what they did", async () => {
    await stack.sql("INSERT INTO accounts.organisation (id, name) VALUES ('other', 'Other')");
    const [acme, other] = [
      documented.as(await makeKey("admin", "acme")),
      documented.as(await makeKey("admin", "other")),
    ];
    const made = await acme("POST", "/api/v1/routes", {
      name: "own",
      document: routeTo("scripted/scripted-2"),
      deploy: true,
    });
    assert.equal(made.body.route.organisationId, "acme");
    await isServedBy("dynamic/own", "scripted-2");
    assert.deepEqual((await other("GET", "/api/v1/routes")).body.routes, []);
    assert.equal((await other("GET", "/api/v1/routes/own")).status, 404);
    assert.equal((await other("GET", "/api/v1/routes/own?organisation=acme")).status, 403);
    assert.deepEqual((await other("GET", "/api/v1/keys")).body.keys, []);
    assert.deepEqual((await other("GET", "/api/v1/budgets")).body.budgets, []);
    assert.deepEqual((await other("GET", "/api/v1/organisations")).body.organisations, [
      { id: "other", name: "Other" },
    ]);
    assert.ok((await acme("GET", "/api/v1/audit")).body.entries.some(({ name }: { name: string }) => name === "own"));
    assert.ok(!(await other("GET", "/api/v1/audit")).body.entries.some(({ name }: { name: string }) => name === "own"));
    const shared = await acme("PUT", "/api/v1/aliases/x", { target: "scripted/scripted-1" });
    assert.deepEqual([shared.status, shared.body.error.code], [403, "permission_denied"]);

    assert.equal((await admin("GET", "/api/v1/routes/own?organisation=acme")).status, 200);
    assert.equal((await admin("GET", "/api/v1/routes/own?organisation=nobody")).status, 404);
  });

  it("a key is revoked by its own organisation alone, and the gateway refuses it within a second", async () => {
    const id = stack.keys.research_1?.split("_")[1] ?? "";
    const other = documented.as(await makeKey("admin", "other"));
    assert.equal((await other("POST", `/api/v1/keys/${id}/revoke`)).status, 404);
    assert.equal((await admin("POST", `/api/v1/keys/${id}/revoke`, { reason: "lost" })).status, 200);
    await eventually(
      async () => {
        const answer = await ask(stack, { key: stack.keys.research_1 ?? "" });
        await answer.text();
        return answer.status === 401;
      },
      { timeoutMs: 1_000, reason: "the key is refused" },
    );
    const { keys } = (await admin("GET", "/api/v1/keys")).body;
    assert.ok(keys.find((key: { id: string }) => key.id === id).revokedAt);
    const [entry] = (await admin("GET", "/api/v1/audit?limit=1")).body.entries;
    assert.deepEqual([entry.action, entry.name, entry.reason, entry.actor.name], ["revoke", id, "lost", "demo admin"]);
  });
});

describe("what is refused", () => {
  it("says every field at once", async () => {
    const refused = await admin("POST", "/api/v1/routes", { name: "-", deploy: "yes", more: 1 });
    assert.equal(refused.status, 400);
    const fields = problemsOf(refused).map((line) => line.split("|")[1]);
    assert.ok(
      ["name", "deploy"].every((field) => fields.includes(field)),
      fields.join(),
    );
    assert.equal((await admin("GET", "/api/v1/routes?limit=0")).body.error.param, "limit");
    assert.equal((await admin("GET", "/api/v1/routes?colour=red")).status, 400);
  });

  it("a body that is no JSON, too large, or of another kind", async () => {
    const codeOf = async (body: string, type = "application/json"): Promise<string> =>
      (await admin("POST", "/api/v1/routes/check", body, { "content-type": type })).body.error.code;
    assert.equal(await codeOf("{"), "invalid_json");
    assert.equal(await codeOf(`{"document":{"x":"${"y".repeat(1024 * 1024)}"}}`), "body_too_large");
    assert.equal(await codeOf("a=b", "application/x-www-form-urlencoded"), "unsupported_media_type");
  });

  it("a path that is not there, and a method that is not taken", async () => {
    assert.equal((await admin("GET", "/api/v1/nothing")).body.error.code, "not_found");
    const method = await admin("PUT", "/api/v1/routes", {});
    assert.deepEqual([method.status, method.body.error.code], [405, "method_not_allowed"]);
    assert.equal((await admin("GET", "/api/v1/routes/%zz")).body.error.code, "invalid_value");
  });
});

describe("a connection", () => {
  const raw = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(stack.adminUrl).port), "127.0.0.1", () => socket.write(bytes));
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString();
      });
      socket.on("close", () => resolve(text)).on("error", reject);
    });

  it("that speaks no HTTP, or too large a head, hears so with an id", async () => {
    const garbage = await raw("hello\r\n\r\n");
    assert.match(garbage, /^HTTP\/1\.1 400 /);
    assert.match(garbage, /x-request-id: [0-9a-f-]{36}/);
    assert.match(garbage, /"code":"invalid_value"/);
    const large = await raw(`GET / HTTP/1.1\r\nhost: x\r\nx-large: ${"y".repeat(20_000)}\r\n\r\n`);
    assert.match(large, /^HTTP\/1\.1 431 .*"code":"headers_too_large"/s);
  });

  it("leaves nothing of keys, reasons and bodies in the log", async () => {
    const secret = stack.keys.admin?.split("_").slice(2).join("_") ?? "";
    await admin("POST", "/api/v1/routes/chat/deployments", { version: 1, reason: "a private reason" });
    await admin("GET", "/api/v1/routes?organisation=a-private-query");
    const [console] = stack.of("console");
    assert.ok(console);
    const log = await readFile(console.logFile, "utf8");
    assert.match(log, /"operation":"deployVersion"/);
    for (const word of [secret, "a private reason", "a-private-query", "Bearer"]) assert.ok(!log.includes(word), word);
  });
});

describe("the catalogue", () => {
  it("takes a model with its prices and an alias, live without a restart", async () => {
    const body = {
      contextWindowTokens: 8_000,
      maxOutputTokens: 1_000,
      prices: [
        { tiers: [{ input: "0.15", output: "0.6" }] },
        { effectiveFrom: "2099-01-01T00:00:00Z", tiers: [{ input: "0.1", output: "0.4" }] },
      ],
    };
    const dry = await admin("PUT", "/api/v1/models/scripted/group/new", { ...body, dryRun: true });
    assert.deepEqual([dry.body.dryRun, dry.body.changes[0].change], [true, "added"]);
    const path = "/api/v1/models/scripted/group/new";
    assert.equal((await admin("PUT", path, { ...body, reason: "new" })).body.changes[0].model, "scripted/group/new");
    assert.equal((await admin("PUT", path, body)).body.changes[0].change, "same");
    const { models } = (await admin("GET", "/api/v1/models")).body;
    const model = models.find(({ id }: { id: string }) => id === "scripted/group/new");
    assert.deepEqual([model.prices.length, model.prices[0].tiers[0].input], [2, "0.15"]);
    const { prices } = (await admin("GET", "/api/v1/prices")).body;
    const now = prices.find((price: { model: string }) => price.model === "scripted/group/new");
    assert.equal(now.price.tiers[0].output, "0.6");

    assert.equal((await admin("PUT", "/api/v1/aliases/swift", { target: "scripted/scripted-2" })).status, 200);
    await isServedBy("swift", "scripted-2");
    assert.ok((await admin("GET", "/api/v1/aliases")).body.aliases.length > 0);
    assert.equal((await admin("DELETE", "/api/v1/aliases/swift")).status, 200);
    assert.equal((await admin("PUT", "/api/v1/aliases/swift", { target: "scripted/nobody" })).status, 400);
  });

  it("takes figures from LiteLLM's list; a price that changes holds from now on", async () => {
    const entry = { mode: "chat", litellm_provider: "acme-ai", max_input_tokens: 9_000, input_cost_per_token: 2e-7 };
    const text = JSON.stringify({ "acme-ai/group/new": { ...entry, output_cost_per_token: 6e-7 } });
    const body = { format: "litellm", text, providers: { "acme-ai": "scripted" }, models: ["scripted/group/new"] };
    const changed = (await admin("POST", "/api/v1/models/import", body)).body;
    assert.equal(changed.changes[0].change, "changed");
    const { models } = (await admin("GET", "/api/v1/models")).body;
    const model = models.find(({ id }: { id: string }) => id === "scripted/group/new");
    assert.equal(model.prices.length, 3);
    assert.equal((await admin("POST", "/api/v1/models/import", body)).body.changes[0].change, "same");
    const broken = await admin("POST", "/api/v1/models/import", { ...body, text: "no JSON" });
    assert.deepEqual([broken.status, broken.body.error.param], [400, "text"]);
  });

  it("a rate finer than can be kept is refused, not rounded", async () => {
    const body = { prices: [{ tiers: [{ input: "0.0000001", output: "1" }] }] };
    const refused = await admin("PUT", "/api/v1/models/scripted/fine", body);
    assert.deepEqual(problemsOf(refused), ["|prices[0].tiers[0].input|is finer than 0.000001 USD per million tokens"]);
  });

  it("shows who there is", async () => {
    assert.equal((await admin("GET", "/api/v1/providers")).body.providers[0].id, "scripted");
    assert.equal((await admin("GET", "/api/v1/teams")).body.teams.length, 2);
    assert.equal((await admin("GET", "/api/v1/budgets")).body.budgets[0].limit, "0.02");
  });
});

describe("a budget", () => {
  it("is made, shown, changed, raised, verified and deleted", async () => {
    const body = {
      name: "Ivy",
      scope: { organisationId: "acme", endUserId: "ivy" },
      limit: "5",
      window: { kind: "month" },
    };
    const made = await admin("POST", "/api/v1/budgets", { id: "ivy", ...body });
    assert.deepEqual([made.status, made.body.outcome], [201, "create"]);
    assert.equal((await admin("GET", "/api/v1/budgets/ivy")).body.standing.remaining, "5");
    const changed = await admin("PUT", "/api/v1/budgets/ivy", {
      ...body,
      limit: "6",
      whenAway: "allow",
      awayAllowance: "1",
    });
    assert.deepEqual([changed.body.outcome, changed.body.budget.awayAllowance], ["update", "1"]);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const raised = await admin("POST", "/api/v1/budgets/ivy/raise", { by: "1.5", until, reason: "launch" });
    assert.deepEqual(raised.body.budget.raise, { by: "1.5", reason: "launch", until });
    const verified = await admin("POST", "/api/v1/budgets/verify", { budget: "ivy" });
    assert.deepEqual([verified.status, verified.body.differenceCount], [200, 0]);
    assert.equal((await admin("DELETE", "/api/v1/budgets/ivy?reason=over")).status, 200);
    assert.equal((await admin("GET", "/api/v1/budgets/ivy")).status, 404);
  });
});

describe("a rate limit", () => {
  it("is made, shown, changed, listed and deleted", async () => {
    const body = { scope: { organisationId: "acme", endUserId: "ivy" }, amount: 600, perSeconds: 60, burst: 20 };
    const made = await admin("POST", "/api/v1/rate-limits", { id: "ivy", ...body });
    assert.deepEqual([made.status, made.body.outcome], [201, "create"]);
    assert.equal((await admin("GET", "/api/v1/rate-limits/ivy")).body.burst, 20);
    const changed = await admin("PUT", "/api/v1/rate-limits/ivy", { ...body, burst: 30, reason: "launch" });
    assert.deepEqual([changed.body.outcome, changed.body.rateLimit.burst], ["update", 30]);
    const { rateLimits } = (await admin("GET", "/api/v1/rate-limits")).body;
    assert.deepEqual(
      rateLimits.map(({ id, burst }: { id: string; burst: number }) => [id, burst]),
      [["ivy", 30]],
    );
    assert.equal((await admin("DELETE", "/api/v1/rate-limits/ivy?reason=over")).status, 200);
    assert.equal((await admin("GET", "/api/v1/rate-limits/ivy")).status, 404);
  });
});

describe("a webhook", () => {
  it("is made with its secret, listed, shown, tested and deleted; and alerts are listed", async () => {
    const url = "https://hooks.example.com/waybill";
    const made = await admin("POST", "/api/v1/webhooks?organisation=acme", { url, kinds: ["test"], reason: "pager" });
    assert.deepEqual([made.status, made.body.webhook.organisationId], [201, "acme"]);
    assert.match(made.body.secret, /^whsec_/);
    const { id } = made.body.webhook;
    const { alertId } = (await admin("POST", `/api/v1/webhooks/${id}/test`)).body;
    const shown = (await admin("GET", `/api/v1/webhooks/${id}`)).body;
    assert.deepEqual([shown.deliveries[0].alertId, shown.deliveries[0].kind], [alertId, "test"]);
    assert.deepEqual((await admin("GET", "/api/v1/webhooks")).body.webhooks.length, 1);
    const { alerts, nextCursor } = (await admin("GET", "/api/v1/alerts?kind=test&limit=1")).body;
    assert.deepEqual([alerts[0].id, nextCursor], [alertId, alertId]);
    const told = await admin("POST", "/api/v1/webhooks?organisation=acme", { url, kinds: ["usage"], reason: "bills" });
    const again = await admin("POST", `/api/v1/webhooks/${told.body.webhook.id}/replay`, {
      from: "2026-01-01T00:00:00Z",
    });
    assert.deepEqual([again.status, again.body.id], [200, told.body.webhook.id]);
    assert.equal((await admin("DELETE", `/api/v1/webhooks/${told.body.webhook.id}`)).status, 200);
    assert.equal((await admin("DELETE", `/api/v1/webhooks/${id}?reason=over`)).status, 200);
    assert.equal((await admin("GET", `/api/v1/webhooks/${id}`)).status, 404);
  });
});

describe("what if, and what was", () => {
  it("a request is tried on what is deployed, and on a draft, and sends nothing", async () => {
    const calls = stack.provider.log.entries(0).length;
    const live = await admin("POST", "/api/v1/routes/simulate", { route: "chat", request: {} });
    assert.deepEqual([live.body.explanation.model, live.body.explanation.path[0]], ["scripted/scripted-1", "start"]);
    const document = {
      nodes: [
        { id: "start", kind: "start", next: "plan" },
        { id: "plan", kind: "if", condition: 'metadata.user_plan == "paid"', whenTrue: "dear", whenFalse: "cheap" },
        { id: "dear", kind: "model", model: "scripted/scripted-2", next: "end" },
        { id: "cheap", kind: "model", model: "scripted/scripted-1", next: "end" },
        { id: "end", kind: "end" },
      ],
    };
    const modelFor = async (plan: string): Promise<string> => {
      const request = { headers: { "X-User-Plan": plan } };
      return (await admin("POST", "/api/v1/routes/simulate", { document, request })).body.explanation.model;
    };
    assert.deepEqual([await modelFor("paid"), await modelFor("free")], ["scripted/scripted-2", "scripted/scripted-1"]);
    assert.equal(stack.provider.log.entries(0).length, calls);
  });

  it("a request is explained with its cost, replayed to the same, and planned on a draft", async () => {
    const answer = await ask(stack, { model: "dynamic/chat" });
    await answer.text();
    const id = answer.headers.get("x-request-id") ?? "";
    let detail: AdminAnswer | undefined;
    await eventually(
      async () => {
        detail = await admin("GET", `/api/v1/requests/${id}`);
        return (
          detail.status === 200 &&
          typeof detail.body.decisions[0]?.cost === "object" &&
          detail.body.decisions[0].cost !== null
        );
      },
      { timeoutMs: 10_000, reason: "the decision and its cost are known" },
    );
    const [decision] = detail?.body.decisions ?? [];
    assert.deepEqual([decision.explanation.model, decision.cost.model], ["scripted/scripted-1", "scripted/scripted-1"]);
    assert.ok(Number(decision.cost.costUsd) > 0);

    const { requests } = (await admin("GET", "/api/v1/requests?route=chat&limit=5")).body;
    assert.ok(requests.some(({ requestId }: { requestId: string }) => requestId === id));
    const { decisions } = (await admin("GET", "/api/v1/decisions?route=chat&firstOnly=true&limit=5")).body;
    assert.ok(decisions.some(({ requestId }: { requestId: string }) => requestId === id));
    const other = documented.as(await makeKey("admin", "other"));
    assert.equal((await other("GET", `/api/v1/requests/${id}`)).status, 404);
    assert.equal((await other("POST", `/api/v1/requests/${id}/replay`)).status, 404);
    assert.deepEqual((await other("GET", "/api/v1/requests")).body.requests, []);
    assert.deepEqual((await other("GET", "/api/v1/decisions")).body.decisions, []);
    const replayed = (await admin("POST", `/api/v1/requests/${id}/replay`)).body;
    assert.deepEqual([replayed.same, replayed.differences], [true, []]);

    const plan = { route: "chat", document: routeTo("scripted/scripted-2") };
    const planned = (await admin("POST", "/api/v1/routes/plan", plan)).body.requests.find(
      ({ requestId }: { requestId: string }) => requestId === id,
    );
    assert.deepEqual([planned.changed, planned.after.model], [true, "scripted/scripted-2"]);
    // The second model costs twice as much, whatever the tokens.
    assert.equal(Number(planned.after.costUsd), 2 * Number(planned.before.costUsd));
  });

  it("recorded requests are run again on a draft, summed; whoever asks for lines hears how far it is", async () => {
    const same = await admin("POST", "/api/v1/routes/backtests", {
      route: "chat",
      document: routeTo("scripted/scripted-1"),
    });
    assert.equal(same.status, 200);
    const { total, teams, moves, latency, confidence } = same.body;
    assert.ok(total.requests > 0 && total.exact > 0);
    // Only what was served by the second model, which costs twice as much, would change.
    assert.deepEqual(
      moves.map(({ from, to }: Record<string, string>) => [from, to]),
      [["scripted/scripted-2", "scripted/scripted-1"]],
    );
    assert.equal(Number(moves[0].draftUsd), Number(moves[0].actualUsd) / 2);
    assert.equal(latency.draft, null, "there are fewer than a hundred answers");
    assert.ok(teams.length > 0 && confidence.length >= 3);

    const answer = await fetch(`${stack.adminUrl}/api/v1/routes/backtests`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${stack.keys.admin}`,
        accept: "application/x-ndjson",
        "content-type": "application/json",
      },
      body: JSON.stringify({ route: "chat", document: routeTo("scripted/scripted-2") }),
    });
    assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
    const lines = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.ok(lines.slice(0, -1).every(({ progress }) => progress.requests <= progress.total));
    const { result } = lines.at(-1);
    assert.ok(result.moves.some(({ to }: { to: string }) => to === "scripted/scripted-2"));
    assert.ok(Number(result.total.draftLowUsd) <= Number(result.total.draftUsd));
  });

  it("a draft with problems is not run, and another organisation's requests are not there", async () => {
    const document = routeTo("scripted/nobody");
    const refused = await admin("POST", "/api/v1/routes/backtests", { route: "chat", document });
    assert.deepEqual([refused.status, problemsOf(refused)[0]?.startsWith("model|model|")], [400, true]);
    const other = documented.as(await makeKey("admin", "other"));
    const question = { route: "chat", document: routeTo("scripted/scripted-1") };
    assert.equal((await other("POST", "/api/v1/routes/backtests", question)).body.total.requests, 0);
  });
});

describe("the books", () => {
  it("tells what was spent, and lists, closes, rebuilds and verifies months", async () => {
    const spent = (await admin("GET", "/api/v1/spend?by=day,team,model&limit=5")).body;
    assert.ok(spent.total.attempts > 0);
    assert.deepEqual(Object.keys(spent.rows[0].group), ["day", "team", "model"]);
    const month = new Date().toISOString().slice(0, 7);
    const { months } = (await admin("GET", "/api/v1/ledger/months")).body;
    assert.deepEqual([months[0].month, months[0].closedAt], [month, null]);
    const rebuilt = await admin("POST", `/api/v1/ledger/months/${month}/rebuild`, { reason: "a test" });
    assert.deepEqual([rebuilt.status, rebuilt.body.month], [200, month]);
    const closed = await admin("POST", "/api/v1/ledger/months/2024-01/close", { reason: "nothing was there" });
    assert.deepEqual([closed.status, closed.body.attempts, closed.body.closedBy !== null], [200, 0, true]);
    const refused = await admin("POST", `/api/v1/ledger/months/${month}/close`, {});
    assert.deepEqual([refused.status, refused.body.error.code, refused.body.error.param], [409, "in_use", "month"]);
    assert.equal((await admin("POST", "/api/v1/ledger/months/2024-1/close", {})).status, 400);
    assert.equal((await admin("GET", "/api/v1/spend?by=colour")).body.error.param, "by");
    assert.deepEqual((await admin("GET", "/api/v1/ledger/unpriced")).body.models, []);
    const { events, more } = (await admin("GET", "/api/v1/events/usage?limit=2")).body;
    assert.deepEqual([events.length, more, events[0].specversion], [2, true, "1.0"]);
    const priced = { model: "scripted/scripted-1", from: `${month}-01T00:00:00Z`, dryRun: true };
    const repriced = (await admin("POST", "/api/v1/ledger/reprice", priced)).body;
    assert.deepEqual([repriced.revised, repriced.notRevised.kept, repriced.nextCursor], [0, repriced.looked, null]);
    const nameless = await admin("POST", "/api/v1/ledger/reprice", { ...priced, model: "scripted/nobody" });
    assert.deepEqual([nameless.status, nameless.body.error.param], [400, "model"]);
    const verified = (await admin("POST", "/api/v1/ledger/verify", {})).body;
    assert.deepEqual([verified.problemCount, verified.problems], [0, []]);
  });

  it("says what a month would cost on other models, on described and on recorded traffic", async () => {
    const tiers = [
      { name: "paid", share: "1/3", inputTokens: 2_000, outputTokens: 100 },
      { name: "free", share: "2/3", inputTokens: 1_000, outputTokens: 50 },
    ];
    const onSecond = { models: [{ model: "scripted/scripted-2" }] };
    const question = {
      traffic: { requestsPerDay: 300, tiers },
      baseline: onSecond,
      proposal: { models: [...onSecond.models, { model: "scripted/scripted-1", of: "free" }] },
    };
    const { baseline, proposal, delta } = (await admin("POST", "/api/v1/simulations", question)).body;
    // The second model costs twice as much, and half of the tokens move to the first.
    assert.ok(Number(baseline.costUsd) > 0);
    assert.equal(Number(proposal.costUsd), 0.75 * Number(baseline.costUsd));
    assert.equal(delta.percent, "-25");
    assert.deepEqual(
      proposal.lines.map(({ part, calls }: { part: string; calls: number }) => [part, calls]),
      [
        ["paid", 3_000],
        ["free", 6_000],
      ],
    );

    const replace = [{ model: "scripted/scripted-2", of: "scripted/scripted-1" }];
    const asked = { recorded: { days: 1 }, proposal: { models: replace } };
    const { recorded, ...again } = (await admin("POST", "/api/v1/simulations", asked)).body;
    const spent = (await admin("GET", "/api/v1/spend?by=model")).body;
    assert.deepEqual([recorded.calls, recorded.costUsd], [spent.total.attempts, spent.total.costUsd]);
    const costOf = ({ lines }: { lines: { part: string; costUsd: string }[] }) =>
      Number(lines.find(({ part }) => part === "scripted/scripted-1")?.costUsd);
    assert.ok(costOf(again.baseline) > 0);
    assert.ok(Math.abs(costOf(again.proposal) / costOf(again.baseline) - 2) < 1e-9);
  });

  it("refuses selections with every problem at its field, and lets whoever may look ask", async () => {
    const models = [
      { model: "nobody/knows", share: "0.5" },
      { model: "scripted/scripted-1", share: "0.4" },
    ];
    const refused = await admin("POST", "/api/v1/simulations", { recorded: {}, proposal: { models } });
    assert.equal(refused.status, 400);
    assert.deepEqual(problemsOf(refused), [
      "|proposal.models[0].model|nobody/knows is not in the catalogue",
      "|proposal.models|the shares make 0.9, not 1",
    ]);
    const both = await admin("POST", "/api/v1/simulations", { proposal: { models } });
    assert.deepEqual([both.status, both.body.error.param], [400, "traffic"]);
    const none = { recorded: { days: 1 }, proposal: { models: [] } };
    const viewer = documented.as(await makeKey("viewer", "other"));
    const seen = await viewer("POST", "/api/v1/simulations", none);
    assert.deepEqual([seen.status, seen.body.recorded.calls, seen.body.baseline.costUsd], [200, 0, "0"]);
    const machine = documented.as(await makeKey("machine", ""));
    assert.equal((await machine("POST", "/api/v1/simulations", none)).status, 403);
  });
});

describe("invoices", () => {
  it("takes in a provider's file, shows it, compares it with the books and trues up what is approved", async () => {
    const today = new Date().toISOString().slice(0, 10);
    const text = `ChargePeriodStart,BilledCost,BillingCurrency,ChargeCategory,SubAccountId,SkuMeter\n${today},9,USD,Usage,x,Output Tokens of scripted-9\n`;
    const file = { provider: "scripted", format: "focus", fileName: "a.csv", text, reason: "a test" };
    const imported = (await admin("POST", "/api/v1/invoices", file)).body;
    assert.deepEqual([imported.invoice.usageUsd, imported.invoice.lines, imported.wasThere], ["9", 1, false]);
    assert.equal((await admin("POST", "/api/v1/invoices", file)).body.wasThere, true);
    const { invoices } = (await admin("GET", "/api/v1/invoices?provider=scripted")).body;
    assert.deepEqual(invoices, [imported.invoice]);
    const { lines } = (await admin("GET", `/api/v1/invoices/${imported.invoice.id}`)).body;
    assert.deepEqual([lines[0].model, lines[0].kind, lines[0].quantity], ["scripted-9", "output", null]);
    const name = { provider: "scripted", names: "account", invoiced: "x", booked: "default" };
    assert.equal((await admin("PUT", "/api/v1/invoices/names", name)).body.mapped, true);
    const asked = `provider=scripted&from=${today}&until=${today}`;
    const { rows } = (await admin("GET", `/api/v1/reconciliation?${asked}&cause=not_through_waybill`)).body;
    assert.deepEqual(
      rows.map((row: Record<string, unknown>) => [row.account, row.model, row.differenceUsd]),
      [["default", "scripted-9", "9"]],
    );
    const wish = { provider: "scripted", from: today, until: today, causes: ["not_through_waybill"], reason: "agreed" };
    const refused = await admin("POST", "/api/v1/true-ups", { ...wish, differenceUsd: "8" });
    assert.deepEqual([refused.status, refused.body.error.param], [409, "difference"]);
    const approved = (await admin("POST", "/api/v1/true-ups", { ...wish, differenceUsd: "9" })).body;
    assert.deepEqual([approved.amountUsd, approved.trueUps.length], ["9", 1]);
  });
});

describe("savings", () => {
  it("are stated against what was declared, for a month and for a request, with what has to be said", async () => {
    const month = new Date().toISOString().slice(0, 7);
    const wrong = await admin("POST", "/api/v1/baselines", { kind: "none", model: "scripted/scripted-2" });
    assert.deepEqual([wrong.status, wrong.body.error.param], [400, "model"]);
    const unknown = await admin("POST", "/api/v1/baselines", { model: "scripted/gone" });
    assert.deepEqual([unknown.status, unknown.body.error.param], [400, "model"]);
    const own = await admin("POST", "/api/v1/baselines", {
      kind: "costliest_candidate",
      route: "chat",
      reason: "a test",
    });
    assert.deepEqual([own.status, own.body.kind, own.body.holds], [201, "costliest_candidate", true]);
    const declared = await admin("POST", "/api/v1/baselines", { model: "scripted/scripted-2", reason: "a test" });
    assert.deepEqual([declared.status, declared.body.version, declared.body.rates.length], [201, 1, 1]);
    const listed = (await admin("GET", "/api/v1/baselines")).body.baselines;
    assert.deepEqual(
      listed.map(({ route, version, changedPrices }: Record<string, unknown>) => [route, version, changedPrices]),
      [
        [null, 1, []],
        ["chat", 1, []],
      ],
    );

    const saved = (await admin("GET", `/api/v1/savings?month=${month}&by=route`)).body;
    assert.deepEqual([saved.month, saved.closed, saved.simulated], [month, false, false]);
    assert.match(saved.notes.join(" "), /Nobody has measured how good|Nothing was compared/);
    assert.equal((await admin("GET", "/api/v1/savings")).status, 400);
    const { decisions } = (await admin("GET", "/api/v1/decisions?route=chat")).body;
    const { savings } = (await admin("GET", `/api/v1/requests/${decisions[0].requestId}`)).body;
    assert.equal(savings[0].baselineKind, "costliest_candidate");
  });
});

describe("when an owner is away", () => {
  it("a look and a change hear so in a second or two, and both work when it is back", async () => {
    const [router] = stack.of("router");
    assert.ok(router);
    await router.kill9();
    const startedMs = performance.now();
    for (const [method, path] of [
      ["GET", "/api/v1/routes"],
      ["POST", "/api/v1/routes/chat/rollback"],
    ] as const) {
      const away = await admin(method, path);
      assert.deepEqual([away.status, away.body.error.code], [503, "routes_unavailable"]);
      assert.ok(Number(away.headers.get("retry-after")) >= 1);
    }
    assert.ok(performance.now() - startedMs < 5_000);
    assert.equal((await admin("GET", "/api/v1/teams")).status, 200, "what others own is still there");
    await stack.start("router", { inPlaceOf: router });
    await eventually(async () => (await admin("GET", "/api/v1/routes")).status === 200, {
      timeoutMs: 5_000,
      reason: "routes are there again",
    });
  });
});

describe("the OpenAPI document", () => {
  it("has held for an answer of every operation of ours", () => {
    // Accounts have a test of their own.
    const isOurs = (tag: string): boolean => tag !== "accounts" && tag !== "admin_keys";
    assert.deepEqual(documented.unseen(isOurs), []);
  });
});
