// Budgets as people administer them, on a whole stack: by the command and by the API, from the first word to a client's 402 and back.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestFolder, type TestFolder } from "@waybill/testing";
import { type AdminAnswer, adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** Within this every router has heard of a change. */
const LIVE_MS = 1_000;

let stack: TestStack;
let folder: TestFolder;
before(async () => {
  [stack, folder] = await Promise.all([startStack({ replicas: { console: 1 } }), makeTestFolder("budgets")]);
  await stack.sql("INSERT INTO accounts.organisation (id, name) VALUES ('other', 'Other')");
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);

const path = (name: string): string => join(folder.path, name);

async function makeKey(role: string, organisationId: string): Promise<string> {
  const [keyId, secret] = [randomBytes(8).toString("hex"), randomBytes(32).toString("base64url")];
  await stack.sql(
    "INSERT INTO accounts.admin_key (key_id, secret_sha256, organisation_id, name, role) VALUES ($1, $2, $3, $4, $5)",
    [keyId, createHash("sha256").update(secret).digest(), organisationId, `${role} of ${organisationId}`, role],
  );
  return `wba_${keyId}_${secret}`;
}

let lastAnswer = "";
async function call(endUser: string): Promise<number> {
  const response = await ask(stack, { headers: { "x-user-id": endUser }, fields: { max_tokens: 20 } });
  lastAnswer = await response.text();
  return response.status;
}

const answers = (endUser: string, status: number): Promise<unknown> =>
  eventually(async () => (await call(endUser)) === status, {
    timeoutMs: LIVE_MS,
    reason: `${endUser} is answered ${status}`,
  });

const fieldsOf = ({ body }: AdminAnswer): string[] => body.error.problems.map(({ field }: { field: string }) => field);

describe("a budget by the command", () => {
  it("binds a request within a second, is shown, and lets go within a second of being deleted", async () => {
    assert.equal(await call("eve"), 200, lastAnswer);
    const scope = ["--organisation", "acme", "--end-user", "eve"];
    const made = await waybill(0, "budgets", "create", "eve-month", ...scope, "--limit", "0.000001usd");
    assert.equal(made.stdout, "eve-month is made: 0.000001 USD, month\n");
    await answers("eve", 402);
    assert.match(lastAnswer, /eve-month/);
    assert.equal(await call("somebody-else"), 200, "nobody else is bound");
    assert.match((await waybill(0, "budgets", "list")).stdout, /^eve-month +eve-month +0\.000001 +usd +month +hard/m);
    assert.match((await waybill(0, "budgets", "show", "eve-month")).stdout, /scope\.endUserId +eve\n/);
    await waybill(0, "budgets", "delete", "eve-month", "--reason", "it was a test");
    await answers("eve", 200);
    assert.match((await waybill(1, "budgets", "show", "eve-month")).stderr, /There is no such budget/);
  });

  it("changes field by field, and the rest stays", async () => {
    await waybill(
      0,
      "budgets",
      "create",
      "upd",
      "--organisation",
      "acme",
      "--end-user",
      "u",
      "--limit",
      "5usd",
      "--alerts",
      "80,100",
    );
    await waybill(0, "budgets", "update", "upd", "--limit", "7.5usd", "--window", "fixed:24h");
    const shown = JSON.parse((await waybill(0, "budgets", "show", "upd", "--json")).stdout);
    assert.deepEqual(
      [shown.limit, shown.alertPercents, shown.scope],
      [...["7.5", [80, 100], { organisationId: "acme", endUserId: "u" }]],
    );
    assert.deepEqual([shown.window.kind, shown.window.seconds], ["fixed", 86_400]);
    assert.match((await waybill(0, "budgets", "update", "upd", "--limit", "7.50usd")).stdout, /says that already/);
    await waybill(0, "budgets", "delete", "upd", "--reason", "done");
  });

  it("that cannot be is refused with every problem, each by its field, and says what to do", async () => {
    const args = ["--organisation", "acme", "--team", "nobody", "--model", "openai/x", "--route", "nowhere"];
    const refused = await waybill(
      1,
      "budgets",
      "create",
      "bad",
      ...args,
      "--limit",
      "0usd",
      "--on-exhausted",
      "fallback",
      "--enforcement",
      "observe",
    );
    for (const field of ["scope.team", "scope.route", "scope.model", "limit", "onExhausted"]) {
      assert.match(refused.stderr, new RegExp(`^${field}`, "m"), refused.stderr);
    }
    assert.match((await waybill(2, "budgets", "create", "bad", "--limit", "500")).stderr, /like 500usd/);
    assert.match((await waybill(2, "budgets", "create", "bad")).stderr, /--limit 500usd/);
    assert.match((await waybill(1, "budgets", "create", "bad", "--limit", "5usd")).stderr, /scope\.organisationId/);
    const fine = await waybill(
      1,
      "budgets",
      "create",
      "bad",
      "--organisation",
      "acme",
      "--limit",
      "0.0000000000001usd",
    );
    assert.match(fine.stderr, /limit: has more than 12 decimal places/);
    const tiny = ["--provider", "scripted", "--model", "scripted-1", "--limit", "0.000000000001usd"];
    assert.match(
      (await waybill(1, "budgets", "create", "bad", "--organisation", "acme", ...tiny)).stderr,
      /affords no call/,
    );
    const wide = [
      "--organisation",
      "acme",
      "--team",
      "support",
      "--user",
      "ada",
      "--limit",
      "50.01usd",
      "--window",
      "month",
    ];
    assert.match(
      (await waybill(1, "budgets", "create", "bad", ...wide)).stderr,
      /can never bind: budget acme-support-month/,
    );
    const dry = await waybill(0, "budgets", "create", "bad", ...wide, "--allow-unreachable", "--dry-run");
    assert.match(dry.stdout, /^bad would be made/);
    assert.match((await waybill(1, "budgets", "delete", "bad", "--reason", "x")).stderr, /There is no such budget/);
  });

  it("says of itself how it is used", async () => {
    for (const verb of ["list", "show", "create", "update", "delete", "raise", "verify", "apply", "export"]) {
      const { stdout } = await waybill(0, "budgets", verb, "--help");
      assert.match(stdout, /Example:\n {2}waybill budgets/, verb);
    }
  });
});

describe("budgets in a file", () => {
  it("are exported, and applying that changes nothing", async () => {
    await writeFile(path("all.yaml"), (await waybill(0, "budgets", "export")).stdout);
    assert.match(await readFile(path("all.yaml"), "utf8"), /limit: 50usd\n {4}window: month/);
    const { stdout } = await waybill(0, "budgets", "apply", "-f", "all.yaml");
    assert.deepEqual(stdout.trim().split("\n").sort(), ["same: acme-research-month", "same: acme-support-month"]);
  });

  it("show what would change, change it once, and delete only when asked", async () => {
    const file = (limit: string): string => `budgets:
  - { id: files-all, name: All, scope: { organisationId: acme, endUserId: fay }, limit: ${limit}, window: day }
  - id: files-model
    scope: { organisationId: acme, endUserId: fay, model: scripted-1 }
    limit: 1000000tokens
    window: { kind: quarter, timeZone: Europe/Berlin, anchorMonth: 4 }
    alertPercents: [80]
`;
    await writeFile(path("b.yaml"), file("5usd"));
    const apply = (...more: string[]) => waybill(0, "budgets", "apply", "-f", "b.yaml", "--reason", "plan", ...more);
    assert.match((await apply("--dry-run")).stdout, /^new: files-all\nnew: files-model\nonly on the server: acme/);
    assert.doesNotMatch((await waybill(0, "budgets", "list")).stdout, /files-/);
    await apply();
    assert.match((await apply()).stdout, /^same: files-all\nsame: files-model\n/);
    await writeFile(path("b.yaml"), file("6usd"));
    assert.match((await apply("--dry-run")).stdout, /^changed: files-all\n {2}limit: 5 -> 6\nsame: files-model\n/);
    await apply();
    const audit = (await adminOf(stack)("GET", "/api/v1/audit?limit=1000")).body.entries;
    const done = audit.filter(({ name }: { name: string }) => name.startsWith("files-"));
    assert.deepEqual(
      done.map(({ action, name, reason }: Record<string, string>) => `${action} ${name} ${reason}`),
      ["update files-all plan", "create files-model plan", "create files-all plan"],
    );
    await writeFile(path("b.yaml"), "budgets: []\n");
    assert.match((await apply()).stdout, /only on the server: files-all/);
    await waybill(0, "budgets", "apply", "-f", "all.yaml", "--prune", "--reason", "clean up");
    assert.doesNotMatch((await waybill(0, "budgets", "list")).stdout, /files-/);
  });

  it("of which one has a problem are applied none, and one that waits for another is applied after it", async () => {
    const two = (narrow: string, wide: string): string => `budgets:
  - { id: narrow, scope: { organisationId: acme, endUserId: gil, model: scripted-1 }, limit: ${narrow}, window: day }
  - { id: wide, scope: { organisationId: acme, endUserId: gil }, limit: ${wide}, window: day }
`;
    await writeFile(path("two.yaml"), two("5usd", "0usd"));
    const refused = await waybill(4, "budgets", "apply", "-f", "two.yaml");
    assert.match(refused.stderr, /nothing was applied.*\ntwo\.yaml: wide: limit: must be more than 0/);
    await writeFile(path("two.yaml"), two("5usd", "10usd"));
    await waybill(0, "budgets", "apply", "-f", "two.yaml");
    await writeFile(path("two.yaml"), two("15usd", "20usd"));
    await waybill(0, "budgets", "apply", "-f", "two.yaml");
    await writeFile(path("two.yaml"), two("25usd", "20usd"));
    assert.match((await waybill(4, "budgets", "apply", "-f", "two.yaml")).stderr, /narrow: limit: can never bind/);
    await writeFile(path("two.yaml"), "budgets:\n  - { id: x, limit: 5, window: fortnight, colour: red }\n");
    const wrong = await waybill(4, "budgets", "apply", "-f", "two.yaml");
    for (const field of ["colour", "limit", "window"]) assert.match(wrong.stderr, new RegExp(`: x: ${field}: `));
    await waybill(0, "budgets", "apply", "-f", "all.yaml", "--prune", "--reason", "clean up");
  });
});

describe("budgets by the API", () => {
  it("a viewer looks and changes nothing; an organisation's admin has its own and sees no other's", async () => {
    const [viewer, other] = [
      adminOf(stack, await makeKey("viewer", "")),
      adminOf(stack, await makeKey("admin", "other")),
    ];
    const body = { name: "Ours", limit: "3", window: { kind: "month" } };
    assert.equal((await viewer("GET", "/api/v1/budgets/acme-support-month")).status, 200);
    for (const [method, at, sent] of [
      ["POST", "/api/v1/budgets", { id: "v", ...body }],
      ["PUT", "/api/v1/budgets/acme-support-month", body],
      ["DELETE", "/api/v1/budgets/acme-support-month", undefined],
      ["POST", "/api/v1/budgets/acme-support-month/raise", { by: "1", until: "2099-01-01T00:00:00Z", reason: "x" }],
    ] as const) {
      assert.equal((await viewer(method, at, sent)).status, 403, `${method} ${at}`);
      if (method === "POST" && at === "/api/v1/budgets") continue;
      assert.equal((await other(method, at, sent)).status, 404, `${method} ${at}`);
    }
    const made = await other("POST", "/api/v1/budgets", { id: "ours", ...body });
    assert.deepEqual([made.status, made.body.budget.scope], [201, { organisationId: "other" }]);
    assert.deepEqual(
      (await other("GET", "/api/v1/budgets")).body.budgets.map(({ id }: { id: string }) => id),
      ["ours"],
    );
    const theirs = { id: "theirs", ...body, scope: { organisationId: "acme" } };
    assert.deepEqual(fieldsOf(await other("POST", "/api/v1/budgets", theirs)), ["scope.organisationId"]);
    assert.equal((await other("POST", "/api/v1/budgets", { id: "ours", ...body })).status, 409);
    assert.equal((await other("DELETE", "/api/v1/budgets/ours?reason=done")).status, 200);
  });

  it("takes exact amounts only, and says every problem at once", async () => {
    const wrong = {
      id: "w",
      name: "W",
      limit: "1e3",
      unit: "tokens",
      window: { kind: "month", seconds: 5 },
      per: "userId",
    };
    const scope = { organisationId: "acme", userId: "nobody" };
    const refused = await adminOf(stack)("POST", "/api/v1/budgets", { ...wrong, scope });
    assert.deepEqual(fieldsOf(refused), ["limit", "per", "window.seconds", "scope.userId"]);
    const unknown = await adminOf(stack)("POST", "/api/v1/budgets", { ...wrong, colour: "red" });
    assert.equal(unknown.status, 400);
  });
});

describe("verify", () => {
  it("finds no difference after real calls, and names the counter that is one pico-USD too much", async () => {
    for (const user of ["v1", "v2", "v3"]) assert.equal(await call(user), 200, lastAnswer);
    await eventually(
      async () => {
        const [row] = await stack.sql<{ posted: string }>(
          "SELECT sum(posted_pico_usd)::text AS posted FROM budget.budget_window WHERE budget_id = 'acme-support-month'",
        );
        return BigInt(row?.posted ?? 0) > 0n;
      },
      { timeoutMs: 10_000, reason: "something was settled" },
    );
    assert.match(
      (await waybill(0, "budgets", "verify")).stdout,
      /^no differences in \d+ windows and [1-9]\d* attempts\n$/,
    );
    await stack.sql(
      "UPDATE budget.budget_window SET posted_pico_usd = posted_pico_usd + 1 WHERE budget_id = 'acme-support-month'",
    );
    const found = await waybill(3, "budgets", "verify");
    assert.match(found.stdout, /^acme-support-month .* posted .* usd/m);
    assert.match(found.stdout, /\n1 differences in /);
    const { differences } = JSON.parse((await waybill(3, "budgets", "verify", "acme-support-month", "--json")).stdout);
    const [{ found: is, expected }] = differences;
    const pico = (text: string): bigint => BigInt(Math.round(Number(text) * 1e12));
    assert.equal(pico(is) - pico(expected), 1n);
    await waybill(0, "budgets", "verify", "acme-research-month");
    await stack.sql(
      "UPDATE budget.budget_window SET posted_pico_usd = posted_pico_usd - 1 WHERE budget_id = 'acme-support-month'",
    );
    await waybill(0, "budgets", "verify");
  });
});

describe("a raise", () => {
  it("lifts a 402 within a second, and its end brings it back", async () => {
    const scope = ["--organisation", "acme", "--end-user", "rae"];
    await waybill(0, "budgets", "create", "rae-month", ...scope, "--limit", "0.000001usd");
    await answers("rae", 402);
    const raised = await waybill(
      0,
      "budgets",
      "raise",
      "rae-month",
      "--by",
      "1usd",
      "--for",
      "1h",
      "--reason",
      "the launch",
    );
    assert.match(raised.stdout, /^rae-month is raised by 1 until 20/);
    await answers("rae", 200);
    await waybill(0, "budgets", "raise", "rae-month", "--end", "--reason", "the launch is over");
    await answers("rae", 402);
    assert.match(
      (await waybill(2, "budgets", "raise", "rae-month", "--by", "5tokens", "--for", "1h", "--reason", "x")).stderr,
      /--by 5usd/,
    );
    await waybill(0, "budgets", "verify", "rae-month");
    await waybill(0, "budgets", "delete", "rae-month", "--reason", "done");
  });
});
