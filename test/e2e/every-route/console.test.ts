// Every operation of the admin API, as its own document lists them, against everybody and everything that it must refuse. An
// operation that is new and has no row fails here.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { type Admin, adminOf, routeTo } from "../../stack/admin.ts";
import { ask } from "../../stack/ask.ts";
import { exchange, head, type RawAnswer } from "../../stack/raw-http.ts";
import { startStack, type TestStack } from "../../stack/start-stack.ts";
import { CONSOLE_ROWS, type ConsoleRow, type Targets } from "./console-rows.ts";
import { type ErrorForm, refusalOf } from "./refusals.ts";

const BODY_BYTES_MAX = 8 * 1024;
const IMPORT_BYTES_MAX = 16 * 1024;
/** They take a file of somebody else. */
const IMPORTS = ["importModels", "importInvoice"];
const TOO_LONG = "a".repeat(20_000);
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/** Cloudflare's numbers for what the others say in words. */
const CLOUDFLARE: Readonly<Record<string, number>> = {
  invalid_api_key: 10_000,
  permission_denied: 9_109,
  not_found: 7_003,
  body_too_large: 7_001,
  invalid_json: 7_001,
};
const CLOUDFLARE_OTHER = 7_000;

interface Operation {
  id: string;
  method: string;
  path: string;
  hasBody: boolean;
  form: ErrorForm;
}

let stack: TestStack;
let admin: Admin;
let operations: Operation[];
let targets: Targets;
let viewerKey: string;
let otherKey: string;
/** What must never be in an answer to another organisation. */
let marks: string[];

before(async () => {
  const limits = {
    WAYBILL_BODY_BYTES_MAX: String(BODY_BYTES_MAX),
    WAYBILL_IMPORT_BYTES_MAX: String(IMPORT_BYTES_MAX),
  };
  stack = await startStack({ replicas: { console: 1 }, env: { console: limits } });
  admin = adminOf(stack);
  await stack.sql("INSERT INTO accounts.organisation (id, name) VALUES ('other', 'Other')");
  await stack.sql(
    `INSERT INTO budget.rate_limit (id, organisation_id, unit, amount, per_seconds, burst)
     VALUES ('acme-rate', 'acme', 'requests', 1000000, 1, 1000000)`,
  );
  await stack.sql(
    `INSERT INTO budget.webhook (id, organisation_id, url, salt, kinds, created_at)
     VALUES ('00000000000000aa', 'acme', 'https://hooks.example.com/acme', 'salt', '{}', now())`,
  );
  [viewerKey, otherKey] = [await makeKey("viewer", ""), await makeKey("owner", "other")];
  operations = readOperations((await admin("GET", "/api/v1/openapi.json")).body);
  const made = await admin("POST", "/api/v1/routes?organisation=acme", {
    name: "theirs",
    document: routeTo("scripted/scripted-1"),
    deploy: true,
  });
  assert.equal(made.status, 201);
  const second = { document: routeTo("scripted/scripted-2"), deploy: true };
  assert.equal((await admin("POST", "/api/v1/routes/theirs/versions?organisation=acme", second)).status, 201);
  const asked = await eventually(
    async () => {
      const answer = await ask(stack, { model: "dynamic/theirs" });
      await answer.text();
      return answer.status === 200 ? answer : undefined;
    },
    { reason: "the route serves" },
  );
  const requestId = asked.headers.get("x-request-id") ?? "";
  await eventually(async () => (await admin("GET", `/api/v1/requests/${requestId}`)).status === 200, {
    timeoutMs: 10_000,
    reason: "the request is known",
  });
  const keyId = stack.keys.support_1?.split("_")[1] ?? "";
  const { adminKey } = (await admin("POST", "/api/v1/admin-keys?organisation=acme", { name: "theirs", role: "viewer" }))
    .body;
  targets = { route: "theirs", routeId: made.body.route.id, keyId, adminKeyId: adminKey.id, requestId };
  marks = [targets.routeId, keyId, adminKey.id, requestId, '"acme"', "Acme"];
});
after(() => stack[Symbol.asyncDispose]());

async function makeKey(role: string, organisationId: string): Promise<string> {
  const [keyId, secret] = [randomBytes(8).toString("hex"), randomBytes(32).toString("base64url")];
  await stack.sql(
    "INSERT INTO accounts.admin_key (key_id, secret_sha256, organisation_id, name, role) VALUES ($1, $2, $3, $4, $5)",
    [keyId, createHash("sha256").update(secret).digest(), organisationId, `${role} of ${organisationId}`, role],
  );
  return `wba_${keyId}_${secret}`;
}

interface OpenApi {
  paths: Record<string, Record<string, { operationId: string; requestBody?: unknown }>>;
}

function readOperations({ paths }: OpenApi): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, requestBody }]) => ({
      id: operationId,
      method: method.toUpperCase(),
      path,
      hasBody: requestBody !== undefined,
      form: path.startsWith("/client/v4/") ? ("cloudflare" as const) : ("waybill" as const),
    })),
  );
}

const rowOf = ({ id }: Operation): ConsoleRow => CONSOLE_ROWS[id] ?? assert.fail(`${id} has no row`);

interface Sent {
  key?: string | undefined;
  /** Which organisation the question names: Cloudflare's account, our `organisation`; undefined: none. */
  organisation?: string;
  headers?: Record<string, string | number>;
  /** Undefined: the row's own. */
  body?: string;
  method?: string;
}

/** One question for acme's things as bytes. */
function request(operation: Operation, { key, organisation, headers = {}, method, ...sent }: Sent): string {
  const row = rowOf(operation);
  const params = { account_id: organisation ?? "acme", gateway_id: "default", ...row.params?.(targets) };
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(paramOf(params, name)));
  const isNamed = operation.form === "waybill" && organisation !== undefined;
  const query = [...(row.query ? [row.query] : []), ...(isNamed ? [`organisation=${organisation}`] : [])].join("&");
  const body = sent.body ?? (row.body && JSON.stringify(row.body(targets)));
  const all = {
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    ...headers,
  };
  return head(method ?? operation.method, query === "" ? path : `${path}?${query}`, all) + (body ?? "");
}

const paramOf = (params: Record<string, string>, name: string): string =>
  params[name] ?? assert.fail(`the row has no value for {${name}}`);

/** Asks, and holds the answer against `status` and the code in the form of the operation. */
async function isRefused(operation: Operation, bytes: string, status: number, code: string): Promise<void> {
  const answer = await exchange(stack.adminUrl, bytes);
  const said = operation.form === "cloudflare" ? (CLOUDFLARE[code] ?? CLOUDFLARE_OTHER) : code;
  assert.equal(refusalOf(answer, operation.form), `${status} ${said}`, `${operation.id}: ${answer.body}`);
}

describe("every operation of the admin API", () => {
  it("has a row, and every row is an operation", () => {
    assert.deepEqual(operations.map(({ id }) => id).sort(), Object.keys(CONSOLE_ROWS).sort());
  });

  it("is shut without a key, and to keys of another kind, another form and another secret", async () => {
    const right = stack.keys.admin ?? "";
    for (const operation of operations) {
      for (const key of [undefined, "sk-x", stack.keys.support_1, stack.operatorToken, `${right.slice(0, -4)}AAAA`]) {
        await isRefused(operation, request(operation, { key }), 401, "invalid_api_key");
      }
    }
  });

  it("changes nothing for a viewer", async () => {
    // What only reckons has a body, and is asked by POST.
    const changes = operations.filter(({ method, id }) => method !== "GET" && id !== "simulateCost");
    assert.ok(changes.length > 20);
    for (const operation of changes) {
      await isRefused(operation, request(operation, { key: viewerKey }), 403, "permission_denied");
    }
  });

  it("does not act for an organisation that the key is not of", async () => {
    for (const operation of operations.filter(({ id }) => id !== "getOpenApi")) {
      const bytes = request(operation, { key: otherKey, organisation: "acme" });
      await isRefused(operation, bytes, 403, "permission_denied");
    }
  });

  it("shows nothing of another organisation's, does nothing to it, and does not say that it is there", async () => {
    for (const operation of operations) {
      const { toAnother } = rowOf(operation);
      const ofOwn = operation.form === "cloudflare" ? { organisation: "other" } : {};
      const bytes = request(operation, { key: otherKey, ...ofOwn });
      if (toAnother === "gone") await isRefused(operation, bytes, 404, "not_found");
      else if (toAnother === "denied") await isRefused(operation, bytes, 403, "permission_denied");
      else await isServedWithoutMarks(operation, bytes);
    }
    const { body } = await admin("GET", "/api/v1/routes/theirs?organisation=acme");
    assert.deepEqual([body.id, body.name, body.deployedVersion], [targets.routeId, "theirs", 2]);
    const { keys } = (await admin("GET", "/api/v1/keys?organisation=acme")).body;
    const key = keys.find(({ id }: { id: string }) => id === targets.keyId);
    assert.deepEqual([key.revokedAt, key.name], [null, "Ada's key"]);
    const { adminKeys } = (await admin("GET", "/api/v1/admin-keys?organisation=acme")).body;
    const theirs = adminKeys.find(({ id }: { id: string }) => id === targets.adminKeyId);
    assert.deepEqual([theirs.revokedAt, theirs.role, theirs.name], [null, "viewer", "theirs"]);
    const { teams } = (await admin("GET", "/api/v1/teams?organisation=acme")).body;
    assert.deepEqual(teams.find(({ id }: { id: string }) => id === "support").name, "Customer support");
  });

  async function isServedWithoutMarks(operation: Operation, bytes: string): Promise<void> {
    const answer: RawAnswer = await exchange(stack.adminUrl, bytes);
    assert.ok(answer.status === 200 || answer.status === 201, `${operation.id}: ${answer.status} ${answer.body}`);
    assert.equal(answer.headers.get("request-id"), answer.headers.get("x-request-id"), operation.id);
    for (const mark of marks) assert.ok(!answer.body.includes(mark), `${operation.id} shows ${mark}: ${answer.body}`);
  }

  it("would have shown these marks to the installation's own key", async () => {
    for (const [path, mark] of [
      ["/api/v1/routes?organisation=acme", targets.routeId],
      ["/api/v1/keys?organisation=acme", targets.keyId],
      ["/api/v1/decisions?organisation=acme", targets.requestId],
      ["/api/v1/organisations", "Acme"],
    ] as const) {
      assert.ok(JSON.stringify((await admin("GET", path)).body).includes(mark), path);
    }
  });

  it("takes no body that is too large, promised or in chunks", async () => {
    const withBody = operations.filter(({ hasBody }) => hasBody);
    assert.ok(withBody.length > 10);
    for (const operation of withBody) {
      const bytes = (IMPORTS.includes(operation.id) ? IMPORT_BYTES_MAX : BODY_BYTES_MAX) + 1;
      const type = { "content-type": "application/json" };
      const body = `"${"a".repeat(bytes - 2)}"`;
      await isRefused(operation, request(operation, { key: stack.keys.admin, body }), 413, "body_too_large");
      const chunked = { ...type, "transfer-encoding": "chunked" };
      const top = request({ ...operation }, { key: stack.keys.admin, body: "", headers: chunked });
      const inChunks = `${top.replace(/content-length: 0\r\n/, "")}${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      await isRefused(operation, inChunks, 413, "body_too_large");
    }
  });

  it("takes no body that is no JSON, or of another kind", async () => {
    for (const operation of operations.filter(({ hasBody }) => hasBody)) {
      const sent = { key: stack.keys.admin, body: "{" };
      await isRefused(operation, request(operation, sent), 400, "invalid_json");
      const form = { ...sent, headers: { "content-type": "text/plain" } };
      await isRefused(operation, request(operation, form), 415, "unsupported_media_type");
    }
  });

  it("takes no head and no path that is too long", async () => {
    for (const operation of operations) {
      const long = request(operation, { key: stack.keys.admin, headers: { "x-long": TOO_LONG } });
      await isRefused(operation, long, 431, "headers_too_large");
      const far = request(operation, { key: stack.keys.admin }).replace(" HTTP/1.1", `?${TOO_LONG} HTTP/1.1`);
      await isRefused(operation, far, 431, "headers_too_large");
    }
  });

  it("takes no other method, and says which", async () => {
    for (const operation of operations) {
      // What fits a path with a parameter may be another operation's own path.
      const plain = request(operation, { key: stack.keys.admin }).split(" ")[1]?.split("?")[0] ?? "";
      const taken = operations.filter(({ path }) => patternOf(path).test(plain)).map(({ method }) => method);
      for (const method of [...METHODS, "OPTIONS"].filter((name) => !taken.includes(name))) {
        const bytes = request(operation, { key: stack.keys.admin, method });
        await isRefused(operation, bytes, 405, "method_not_allowed");
        await isRefused(operation, request(operation, { method }), 401, "invalid_api_key");
      }
    }
  });
});

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/\/\{provider\}\/\{model\}$/, "/[^/]+/.+").replace(/\{\w+\}/g, "[^/]+")}$`);
