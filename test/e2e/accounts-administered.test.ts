// Accounts from the first organisation to the last key, by the real API and the real command, and what keys then may at two ingresses:
// limits, defaults, rotation and revocation, each live in a second; files; roles; and keys that are known while Postgres is down.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { eventually, makeTestFolder, type TestFolder } from "@waybill/testing";
import { type Admin, routeTo } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type HeldAdmin, heldAdmin } from "../stack/held-admin.ts";
import { runCli } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const LIVE_MS = 1_000;

let stack: TestStack;
let folder: TestFolder;
let documented: HeldAdmin;
let admin: Admin;
/** Every secret that was ever told. */
const secrets: string[] = [];
before(async () => {
  [stack, folder] = await Promise.all([
    startStack({ replicas: { console: 1, ingress: 2 }, durable: true }),
    makeTestFolder("accounts"),
  ]);
  documented = await heldAdmin(stack);
  admin = documented.as();
  for (const name of ["first", "second"]) {
    const route = { name, document: routeTo("scripted/scripted-1"), deploy: true };
    assert.equal((await admin("POST", "/api/v1/routes", route)).status, 201);
  }
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await folder.remove();
});

async function waybill(code: number, ...args: string[]): Promise<string> {
  const settings = { WAYBILL_ADMIN_URL: stack.adminUrl, WAYBILL_ADMIN_KEY: stack.keys.admin ?? "" };
  const ran = await runCli({ settings, folder: folder.path }, ...args);
  assert.equal(ran.code, code, `waybill ${args.join(" ")}\n${ran.stdout}${ran.stderr}`);
  return code === 0 ? ran.stdout.trim() : ran.stderr;
}
// biome-ignore lint/suspicious/noExplicitAny: what is there is what the test says
const json = async (...args: string[]): Promise<any> => JSON.parse(await waybill(0, ...args, "--json"));

const idOf = (key: string): string => key.split("_")[1] ?? "";
const secretOf = (key: string): string => key.split("_").slice(2).join("_");

/** What a key gets at an ingress: 200, or the code of the refusal. */
async function gets(key: string, url = stack.url, model = "scripted/scripted-1"): Promise<string> {
  const answer = await ask(stack, { key, url, model });
  if (answer.status === 200) await answer.text();
  return answer.status === 200
    ? "200"
    : `${answer.status} ${((await answer.json()) as { error: { code: string } }).error.code}`;
}

/** At every ingress within a second of now. */
async function isLive(key: string, expected: string, model?: string): Promise<void> {
  await eventually(
    async () => (await Promise.all(stack.urls.map((url) => gets(key, url, model)))).every((got) => got === expected),
    { timeoutMs: LIVE_MS, intervalMs: 20, reason: `${expected} at every ingress` },
  );
}

async function newKey(name: string, fields: object = {}): Promise<string> {
  const made = await admin("POST", "/api/v1/keys?organisation=globex", { userId: "homer", name, ...fields });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  secrets.push(secretOf(made.body.secretKey));
  return made.body.secretKey;
}

describe("organisations, teams and users", () => {
  it("are made, changed and listed by the API", async () => {
    assert.equal((await admin("POST", "/api/v1/organisations", { id: "globex", name: "Globex" })).status, 201);
    assert.equal(
      (await admin("PATCH", "/api/v1/organisations/globex", { name: "Globex Ltd" })).body.name,
      "Globex Ltd",
    );
    const team = { id: "power", costCentre: "4711", reason: "reorganised" };
    assert.equal((await admin("POST", "/api/v1/teams?organisation=globex", team)).status, 201);
    const changed = await admin("PATCH", "/api/v1/teams/power?organisation=globex", {
      name: "Power",
      costCentre: "4712",
    });
    assert.deepEqual([changed.body.name, changed.body.costCentre], ["Power", "4712"]);
    const user = { id: "homer", teamId: "power", name: "Homer" };
    assert.equal((await admin("POST", "/api/v1/users?organisation=globex", user)).status, 201);
    assert.equal((await admin("PATCH", "/api/v1/users/homer?organisation=globex", { name: "H." })).body.name, "H.");
    const { users, nextAfter } = (await admin("GET", "/api/v1/users?organisation=globex")).body;
    assert.deepEqual([users.map(({ id }: { id: string }) => id), nextAfter], [["homer"], null]);
    const first = (await admin("GET", "/api/v1/users?limit=1")).body;
    assert.deepEqual([first.users[0].id, first.nextAfter], ["ada", "acme/ada"]);
    const [entry] = (await admin("GET", "/api/v1/audit?limit=1")).body.entries;
    assert.deepEqual(
      [entry.action, entry.kind, entry.name, entry.before.name, entry.after.name],
      [...["update", "user", "homer", "Homer", "H."]],
    );
  });

  it("say what is wrong by its field, that something is there already, which organisation is meant, and what they are in use by", async () => {
    const refusalOf = async (method: string, path: string, body?: unknown): Promise<string> => {
      const { status, body: said } = await admin(method, path, body);
      return `${status} ${said.error.code} ${said.error.param ?? said.error.problems?.[0]?.field ?? ""}`.trim();
    };
    assert.equal(await refusalOf("POST", "/api/v1/teams?organisation=globex", { id: "A b" }), "400 invalid_value id");
    assert.equal(await refusalOf("POST", "/api/v1/teams", { id: "x" }), "400 invalid_value organisation");
    assert.equal(await refusalOf("POST", "/api/v1/teams?organisation=globex", { id: "power" }), "409 already_exists");
    assert.equal(
      await refusalOf("POST", "/api/v1/keys?organisation=globex", { userId: "homer", name: "a\u0007" }),
      "400 invalid_value name",
    );
    const past = { userId: "homer", name: "x", expiresAt: "2020-01-01T00:00:00Z" };
    assert.equal(await refusalOf("POST", "/api/v1/keys?organisation=globex", past), "400 invalid_value expiresAt");
    assert.equal(await refusalOf("DELETE", "/api/v1/organisations/globex"), "409 in_use");
    const { error } = (await admin("DELETE", "/api/v1/teams/power?organisation=globex")).body;
    assert.match(error.message, /still has 1 users/);
  });
});

describe("a key", () => {
  it("is told once, serves at once, and is shown without its secret", async () => {
    const key = await newKey("laptop", { tags: { project: "x" }, metadata: { plan: "paid" } });
    await isLive(key, "200");
    const shown = await admin("GET", `/api/v1/keys/${idOf(key)}`);
    assert.deepEqual(
      [shown.body.name, shown.body.tags, shown.body.metadata],
      ["laptop", { project: "x" }, { plan: "paid" }],
    );
    const again = { userId: "homer", name: "laptop" };
    const twice = await admin("POST", "/api/v1/keys?organisation=globex", again);
    assert.deepEqual([twice.status, twice.body.error.code], [409, "already_exists"]);
  });

  it("keeps to its routes and surfaces, each refused in the client's own words", async () => {
    const key = await newKey("narrow", {
      allowedRoutes: ["first"],
      allowedSurfaces: ["openai-chat", "anthropic-messages"],
    });
    await isLive(key, "200", "dynamic/first");
    for (const model of ["dynamic/second", "scripted/scripted-1", "auto"]) {
      assert.equal(await gets(key, stack.url, model), "403 route_not_allowed");
    }
    const models = (await (
      await fetch(`${stack.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    ).json()) as { data: { id: string }[] };
    assert.deepEqual(
      models.data.map(({ id }) => id),
      ["dynamic/first"],
    );
    const post = (path: string, body: object): Promise<Response> =>
      fetch(stack.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const embeddings = await post("/v1/embeddings", { model: "dynamic/first", input: "x" });
    const said = (await embeddings.json()) as { error: { code: string; type: string; message: string } };
    assert.deepEqual(
      [embeddings.status, said.error.code, said.error.type],
      [403, "surface_not_allowed", "permission_error"],
    );
    assert.match(said.error.message, /it is for openai-chat, anthropic-messages/);
    const messages = { model: "dynamic/second", max_tokens: 5, messages: [{ role: "user", content: "x" }] };
    const anthropic = await post("/v1/messages", messages);
    const words = (await anthropic.json()) as { type: string; error: { type: string; message: string } };
    assert.deepEqual([anthropic.status, words.type, words.error.type], [403, "error", "permission_error"]);
    assert.match(words.error.message, /may only use dynamic\/first/);

    assert.equal((await admin("PATCH", `/api/v1/keys/${idOf(key)}`, { allowedSurfaces: ["openai-chat"] })).status, 200);
    await eventually(async () => (await post("/v1/messages/count_tokens", messages)).status === 403, {
      timeoutMs: LIVE_MS,
      reason: "counting is of the surface, too",
    });
  });

  it("gives a request without a limit its default, in the field of each surface, and says so; a request's own limit stays", async () => {
    const key = await newKey("short", { maxOutputTokensDefault: 7 });
    const bodies: Record<string, [object, string]> = {
      "/v1/chat/completions": [{ messages: [{ role: "user", content: "x" }] }, "max_tokens"],
      "/v1/messages": [{ messages: [{ role: "user", content: "x" }] }, "max_tokens"],
      "/v1/responses": [{ input: "x" }, "max_output_tokens"],
      "/v1/completions": [{ prompt: "x" }, "max_tokens"],
    };
    for (const [path, [body, field]] of Object.entries(bodies)) {
      for (const own of [undefined, 5]) {
        const answer = await fetch(stack.url + path, {
          method: "POST",
          headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
          body: JSON.stringify({ model: "scripted/scripted-1", ...body, ...(own && { [field]: own }) }),
        });
        assert.equal(answer.status, 200, `${path}: ${await answer.text()}`);
        const told = answer.headers.get("x-waybill-default-max-output-tokens");
        assert.equal(told, own === undefined ? "7" : null, path);
        const sent = stack.provider.log.entries().at(-1)?.maxTokens;
        assert.equal(sent, own ?? 7, path);
      }
    }
  });

  it("changes everywhere within a second: models, end, and limits lifted again", async () => {
    const key = await newKey("changing");
    await isLive(key, "200");
    const change = (fields: object) => admin("PATCH", `/api/v1/keys/${idOf(key)}`, fields);
    assert.equal((await change({ allowedModels: ["scripted/scripted-2"] })).status, 200);
    await isLive(key, "403 model_not_allowed");
    assert.equal((await change({ allowedModels: [] })).status, 200);
    await isLive(key, "200");
    assert.equal((await change({ expiresAt: new Date(Date.now() + 300).toISOString() })).status, 200);
    await isLive(key, "401 invalid_api_key");
    assert.equal((await change({ expiresAt: null })).status, 200);
    await isLive(key, "200");
  });

  it("has two good secrets after a rotation, until the overlap is over", async () => {
    const old = await newKey("rotated");
    await isLive(old, "200");
    const rotated = await admin("POST", `/api/v1/keys/${idOf(old)}/rotate`, { overlapSeconds: 2 });
    const fresh: string = rotated.body.secretKey;
    secrets.push(secretOf(fresh));
    assert.equal(idOf(fresh), idOf(old));
    const until = Date.parse(rotated.body.key.previousSecretUntil);
    await isLive(fresh, "200");
    if (Date.now() < until - 500) assert.equal(await gets(old), "200");
    await eventually(async () => Date.now() > until && (await gets(old)) === "401 invalid_api_key", {
      timeoutMs: 5_000,
      reason: "the overlap is over",
    });
    const now = await admin("POST", `/api/v1/keys/${idOf(old)}/rotate`, { overlapSeconds: 0 });
    secrets.push(secretOf(now.body.secretKey));
    await isLive(fresh, "401 invalid_api_key");
    await isLive(now.body.secretKey, "200");
  });

  it("is revoked everywhere within a second, and nothing brings it back: no change, no rotation, no new ingress", async () => {
    const key = await newKey("lost");
    await isLive(key, "200");
    await admin("PATCH", `/api/v1/keys/${idOf(key)}`, { tags: { a: "1" } });
    assert.equal((await admin("DELETE", `/api/v1/keys/${idOf(key)}?reason=lost`)).status, 200);
    await isLive(key, "401 invalid_api_key");
    assert.equal((await admin("POST", `/api/v1/keys/${idOf(key)}/revoke`)).status, 200, "again is harmless");
    for (const [method, path, body] of [
      ["PATCH", "", { name: "found" }],
      ["POST", "/rotate", {}],
    ] as const) {
      assert.equal((await admin(method, `/api/v1/keys/${idOf(key)}${path}`, body)).status, 400);
    }
    const [old] = stack.of("ingress");
    assert.ok(old);
    await old.kill9();
    await stack.start("ingress", { inPlaceOf: old });
    for (const url of stack.urls) assert.equal(await gets(key, url), "401 invalid_api_key");
  });

  it("goes along with its user to another team at once", async () => {
    const key = await newKey("mobile");
    await isLive(key, "200");
    await admin("POST", "/api/v1/teams?organisation=globex", { id: "safety" });
    const moved = await admin("PATCH", "/api/v1/users/homer?organisation=globex", { teamId: "safety" });
    assert.equal(moved.body.teamId, "safety");
    // The team of a request stands in its decision.
    await eventually(
      async () => {
        await gets(key);
        const { decisions } = (await admin("GET", "/api/v1/decisions?organisation=globex&limit=1")).body;
        return decisions[0]?.caller.teamId === "safety";
      },
      { timeoutMs: 5_000, intervalMs: 200, reason: "requests are of the new team" },
    );
    await admin("PATCH", "/api/v1/users/homer?organisation=globex", { teamId: "power" });
    assert.equal((await admin("DELETE", "/api/v1/teams/safety?organisation=globex")).status, 200);
  });
});

describe("admin keys", () => {
  it("of each role are made, and may what the role may", async () => {
    const made = new Map<string, Admin>();
    for (const role of ["owner", "admin", "viewer", "finance", "machine"]) {
      const answer = await admin("POST", "/api/v1/admin-keys?organisation=globex", { name: role, role });
      assert.equal(answer.status, 201);
      secrets.push(secretOf(answer.body.secretKey));
      made.set(role, documented.as(answer.body.secretKey));
    }
    const statuses = async (role: string): Promise<string> => {
      const as = made.get(role);
      assert.ok(as);
      const all = [
        await as("GET", "/api/v1/keys"),
        await as("POST", "/api/v1/keys", { userId: "homer", name: `by ${role}` }),
        await as("GET", "/api/v1/budgets"),
        await as("POST", "/api/v1/routes", { name: `by-${role}`, document: routeTo("scripted/scripted-1") }),
        await as("GET", "/api/v1/admin-keys"),
      ];
      for (const { body } of all) if (body.secretKey) secrets.push(secretOf(body.secretKey));
      return all.map(({ status }) => status).join(" ");
    };
    assert.equal(await statuses("owner"), "200 201 200 201 200");
    assert.equal(await statuses("admin"), "200 201 200 201 403");
    assert.equal(await statuses("viewer"), "200 403 200 403 403");
    assert.equal(await statuses("finance"), "200 403 200 403 403");
    assert.equal(await statuses("machine"), "403 403 403 201 403");
  });

  it("are changed, rotated and revoked, each within a second or two", async () => {
    const issued = await admin("POST", "/api/v1/admin-keys", { name: "ops", role: "viewer" });
    const { secretKey, adminKey } = issued.body;
    secrets.push(secretOf(secretKey));
    const path = `/api/v1/admin-keys/${adminKey.id}`;
    const status = async (key: string, what = "/api/v1/keys"): Promise<number> =>
      (await documented.as(key)("GET", what)).status;
    assert.equal(await status(secretKey), 200);
    assert.equal((await admin("PATCH", path, { role: "machine" })).body.role, "machine");
    const soon = { timeoutMs: 2_000, reason: "the change is known" };
    await eventually(async () => (await status(secretKey)) === 403, soon);
    const rotated = (await admin("POST", `${path}/rotate`, { overlapSeconds: 0 })).body;
    secrets.push(secretOf(rotated.secretKey));
    await eventually(async () => (await status(secretKey, "/api/v1/routes")) === 401, soon);
    assert.equal(await status(rotated.secretKey, "/api/v1/routes"), 200);
    assert.ok((await admin("POST", `${path}/revoke`, { reason: "left" })).body.revokedAt);
    await eventually(async () => (await status(rotated.secretKey, "/api/v1/routes")) === 401, soon);
  });
});

describe("what is over", () => {
  it("goes by the API once nothing needs it: a user with revoked keys, then the team, then the organisation", async () => {
    const of = "?organisation=umbrella&reason=over";
    await admin("POST", "/api/v1/organisations", { id: "umbrella" });
    await admin("POST", "/api/v1/teams?organisation=umbrella", { id: "labs" });
    await admin("POST", "/api/v1/users?organisation=umbrella", { id: "alice", teamId: "labs" });
    const { secretKey } = (await admin("POST", "/api/v1/keys?organisation=umbrella", { userId: "alice", name: "k" }))
      .body;
    secrets.push(secretOf(secretKey));
    await isLive(secretKey, "200");
    assert.equal((await admin("DELETE", `/api/v1/users/alice${of}`)).status, 409);
    assert.equal((await admin("DELETE", `/api/v1/keys/${idOf(secretKey)}${of}`)).status, 200);
    for (const path of ["users/alice", "teams/labs", "organisations/umbrella"]) {
      const scope = path.startsWith("organisations") ? "?reason=over" : of;
      assert.equal((await admin("DELETE", `/api/v1/${path}${scope}`)).status, 200, path);
    }
    await isLive(secretKey, "401 invalid_api_key");
    const { organisations } = (await admin("GET", "/api/v1/organisations")).body;
    assert.ok(!organisations.some(({ id }: { id: string }) => id === "umbrella"));
    const { teams } = (await admin("GET", "/api/v1/teams")).body;
    assert.ok(!teams.some(({ id }: { id: string }) => id === "labs"));
  });
});

describe("the command", () => {
  it("makes, changes, rotates, shows and revokes, and prints a secret once", async () => {
    const globex = ["--organisation", "globex"];
    assert.equal(await waybill(0, "organisations", "create", "hooli", "--name", "Hooli"), "organisation hooli is made");
    assert.equal(
      await waybill(0, "organisations", "update", "hooli", "--name", "Hooli Inc"),
      "organisation hooli is changed",
    );
    assert.match(await waybill(0, "organisations", "list"), /^hooli +Hooli Inc$/m);
    await waybill(0, "teams", "create", "nucleus", "--cost-centre", "12", "--organisation", "hooli");
    await waybill(0, "teams", "update", "nucleus", "--name", "Nucleus", "--organisation", "hooli");
    assert.match(await waybill(0, "teams", "list", "--organisation", "hooli"), /^hooli +nucleus +Nucleus +12 +0 +0$/m);
    await waybill(0, "users", "create", "gavin", "--team", "nucleus", "--organisation", "hooli");
    await waybill(0, "users", "update", "gavin", "--name", "Gavin", "--organisation", "hooli");
    assert.match(await waybill(0, "users", "list", "--organisation", "hooli"), /^hooli +nucleus +gavin +Gavin +0$/m);

    const key = await waybill(
      0,
      "keys",
      "create",
      "homer",
      "--name",
      "cli",
      "--route",
      "first",
      "--max-output-tokens",
      "9",
      ...globex,
    );
    assert.match(key, /^wb_[0-9a-f]{16}_[\w-]{43}$/);
    secrets.push(secretOf(key));
    assert.equal(await gets(key, stack.url, "dynamic/second"), "403 route_not_allowed");
    await waybill(0, "keys", "update", idOf(key), "--any", "route", "--expires", "2099-01-31");
    await isLive(key, "200", "dynamic/second");
    const shown = await json("keys", "show", idOf(key));
    assert.deepEqual(
      [shown.allowedRoutes, shown.expiresAt, shown.maxOutputTokensDefault],
      [[], "2099-01-31T00:00:00.000Z", 9],
    );
    assert.match(await waybill(0, "keys", "show", idOf(key)), /^routes +every one$/m);
    const { secretKey } = await json("keys", "rotate", idOf(key), "--overlap-seconds", "0");
    secrets.push(secretOf(secretKey));
    await isLive(key, "401 invalid_api_key");
    assert.match(
      await waybill(0, "keys", "list", "--user", "homer", ...globex),
      new RegExp(`^${idOf(key)} +cli +globex`, "m"),
    );
    await waybill(0, "keys", "revoke", idOf(key), "--reason", "done");
    await isLive(secretKey, "401 invalid_api_key");

    const made = await json("admin-keys", "create", "--name", "ci", "--role", "machine");
    secrets.push(secretOf(made.secretKey));
    assert.match(await waybill(0, "admin-keys", "update", made.adminKey.id, "--role", "viewer"), /is changed/);
    const rotated = await waybill(0, "admin-keys", "rotate", made.adminKey.id);
    secrets.push(secretOf(rotated));
    assert.match(
      await waybill(0, "admin-keys", "list"),
      new RegExp(`^${made.adminKey.id} +ci +viewer +\\(all\\) +the secret before`, "m"),
    );
    await waybill(0, "admin-keys", "revoke", made.adminKey.id);

    assert.match(await waybill(1, "teams", "delete", "nucleus", "--organisation", "hooli"), /still has 1 users/);
    await waybill(0, "users", "delete", "gavin", "--organisation", "hooli");
    await waybill(0, "teams", "delete", "nucleus", "--organisation", "hooli");
    await waybill(0, "organisations", "delete", "hooli");
    assert.ok(!(await waybill(0, "organisations", "list")).includes("hooli"));
    await waybill(2, "keys", "create", "homer");
    await waybill(2, "admin-keys", "create", "--name", "x", "--role", "root");
  });

  it("applies a file, twice without a change; a dry run changes nothing; prune takes away; and what it exports is the same", async () => {
    const file = `
organisations:
  - id: initech
    name: Initech
    teams:
      - id: tps
        costCentre: "99"
        users:
          - id: peter
            keys:
              - name: reports
                allowedRoutes: [first]
                tags: {cover: sheet}
          - id: milton
            keys: [{name: stapler}]
`;
    const apply = (...args: string[]) => json("accounts", "apply", "-f", "accounts.yaml", ...args);
    await writeFile(join(folder.path, "accounts.yaml"), file);
    const dry = await apply("--dry-run");
    assert.deepEqual([dry.steps.length, dry.issued, dry.applied], [6, [], false]);
    assert.ok(!(await waybill(0, "organisations", "list")).includes("initech"));
    const first = await apply("--reason", "as in git");
    assert.deepEqual(
      first.issued.map(({ user, name }: Record<string, string>) => `${user} ${name}`),
      ["peter reports", "milton stapler"],
    );
    for (const { secretKey } of first.issued) secrets.push(secretOf(secretKey));
    const [reports, stapler] = first.issued.map(({ secretKey }: { secretKey: string }) => secretKey);
    await isLive(reports, "200", "dynamic/first");
    assert.equal(await gets(reports, stack.url, "dynamic/second"), "403 route_not_allowed");
    assert.deepEqual((await apply()).steps, []);
    assert.equal(await waybill(0, "accounts", "apply", "-f", "accounts.yaml", "--prune"), "nothing to change");

    const exported = await waybill(0, "accounts", "export", "--organisation", "initech");
    await writeFile(join(folder.path, "exported.yaml"), exported);
    assert.equal(await waybill(0, "accounts", "apply", "-f", "exported.yaml", "--prune"), "nothing to change");
    for (const secret of secrets) assert.ok(!exported.includes(secret));

    const smaller = file.replace("[first]", "[second]").replace(/ {10}- id: milton[\s\S]*/, "");
    await writeFile(join(folder.path, "accounts.yaml"), smaller);
    assert.equal(
      await waybill(0, "accounts", "apply", "-f", "accounts.yaml", "--prune"),
      "~ update key initech / peter / reports: allowedRoutes\n- revoke key initech / milton / stapler\n- delete user initech / milton",
    );
    await isLive(reports, "200", "dynamic/second");
    await isLive(stapler, "401 invalid_api_key");
    await writeFile(join(folder.path, "accounts.yaml"), "organisations: [{id: initech, secret: x}]");
    assert.match(await waybill(4, "accounts", "apply", "-f", "accounts.yaml"), /accounts\.yaml.*secret.*is not known/);
  });
});

describe("what is left", () => {
  it("every operation has answered as its document says", () => {
    assert.deepEqual(
      documented.unseen((tag) => tag === "accounts" || tag === "admin_keys"),
      [],
    );
  });

  it("no secret in the audit log, in lists, or in any table; and no hash in the log", async () => {
    assert.ok(secrets.length > 15);
    const tables = await stack.sql<{ name: string }>(
      "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_schema IN ('accounts', 'budget', 'ledger', 'requests')",
    );
    let text = JSON.stringify((await admin("GET", "/api/v1/keys")).body);
    for (const { name } of tables)
      text += (await stack.sql<{ t: string }>(`SELECT t::text AS t FROM ${name} t`)).map(({ t }) => t).join();
    for (const secret of secrets) assert.ok(!text.includes(secret));
    const audit = (await stack.sql<{ t: string }>("SELECT a::text AS t FROM accounts.audit a"))
      .map(({ t }) => t)
      .join();
    assert.ok(audit.includes("rotate"));
    const hashes = await stack.sql<{ hex: string }>(
      "SELECT encode(secret_sha256, 'hex') AS hex FROM accounts.virtual_key",
    );
    for (const { hex } of hashes) assert.ok(!audit.includes(hex));
  });

  it("with Postgres down a key that is known goes on, one that is not hears 503, and a revoked one stays refused", async () => {
    const [known, unknown, revoked] = [await newKey("known"), await newKey("unknown"), await newKey("revoked before")];
    await isLive(known, "200");
    await isLive(revoked, "200");
    assert.equal((await admin("POST", `/api/v1/keys/${idOf(revoked)}/revoke`)).status, 200);
    await isLive(revoked, "401 invalid_api_key");
    await stack.stopPostgres();
    for (const url of stack.urls) {
      assert.equal(await gets(known, url), "200");
      assert.equal(await gets(unknown, url), "503 accounts_unavailable");
      assert.equal(await gets(revoked, url), "401 invalid_api_key");
    }
    await stack.startPostgresAgain();
    await eventually(async () => (await gets(unknown)) === "200", { timeoutMs: 10_000, reason: "it is known again" });
  });
});
