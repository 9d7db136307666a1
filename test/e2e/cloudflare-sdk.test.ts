// The real `cloudflare` SDK with our admin API as its base URL: what people wrote for Cloudflare's dynamic routing goes on here.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import Cloudflare from "cloudflare";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const HERE = { account_id: "acme", gateway_id: "default" };

let stack: TestStack;
let sdk: Cloudflare["aiGateway"]["dynamicRouting"];
before(async () => {
  stack = await startStack({ replicas: { console: 1 } });
  sdk = sdkWith(stack.keys.admin);
});
after(() => stack[Symbol.asyncDispose]());

function sdkWith(apiToken: string | undefined): Cloudflare["aiGateway"]["dynamicRouting"] {
  const baseURL = `${stack.adminUrl}/client/v4`;
  return new Cloudflare({ apiToken: apiToken ?? "", baseURL, maxRetries: 0 }).aiGateway.dynamicRouting;
}

type Elements = Cloudflare.AIGateway.DynamicRoutingCreateParams["elements"];

/** Everything goes to one model of the scripted provider. */
const elementsTo = (model: string): Elements => [
  { id: "start", type: "start", outputs: { next: { elementId: "model" } } },
  {
    id: "model",
    type: "model",
    properties: { provider: "scripted", model, retries: 1, timeout: 30_000 },
    outputs: { success: { elementId: "end" }, fallback: { elementId: "end" } },
  },
  { id: "end", type: "end", outputs: {} },
];

/** Which model a client of the gateway gets from the route. */
async function servedBy(route: string): Promise<string | null> {
  const answer = await ask(stack, { model: `dynamic/${route}` });
  await answer.text();
  return answer.headers.get("x-waybill-model");
}

/** A deployment is live within a second. */
async function isServedBy(route: string, model: string): Promise<void> {
  await eventually(async () => (await servedBy(route)) === model, { timeoutMs: 1_000, reason: `${route} is ${model}` });
}

interface Refusal {
  status: number;
  errors: { code: number; message: string; path?: (string | number)[] }[];
}

async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await work.then(
    () => assert.fail("it was not refused"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Cloudflare.APIError, String(error));
  return { status: error.status ?? 0, errors: error.errors as Refusal["errors"] };
}

describe("the cloudflare SDK", () => {
  it("creates a route, which serves at once; versions it, deploys the version, and rolls back", async () => {
    const created = await sdk.create("default", {
      account_id: "acme",
      name: "chat",
      elements: elementsTo("scripted-1"),
    });
    assert.equal(created.name, "chat");
    assert.equal(created.gateway_id, "default");
    assert.deepEqual(created.elements, elementsTo("scripted-1"));
    assert.deepEqual([created.version.version_id, created.version.active], ["1", "true"]);
    assert.deepEqual(JSON.parse(created.version.data), elementsTo("scripted-1"));
    assert.equal(created.deployment.version_id, "1");
    await isServedBy("chat", "scripted-1");

    const version = await sdk.createVersion(created.id, { ...HERE, elements: elementsTo("scripted-2") });
    assert.deepEqual(version.elements, elementsTo("scripted-2"));
    assert.equal(await servedBy("chat"), "scripted-1", "a version is a draft");

    await sdk.createDeployment(created.id, { ...HERE, version_id: "2" });
    await isServedBy("chat", "scripted-2");
    const deployed = await sdk.get(created.id, HERE);
    assert.deepEqual([deployed.deployment.version_id, deployed.version.version_id], ["2", "2"]);

    await sdk.createDeployment(created.id, { ...HERE, version_id: "1" });
    await isServedBy("chat", "scripted-1");

    const { data: versions } = await sdk.listVersions(created.id, HERE);
    assert.deepEqual(
      versions.versions.map(({ version_id, active }) => [version_id, active]),
      [
        ["2", "false"],
        ["1", "true"],
      ],
    );
    const { data: deployments } = await sdk.listDeployments(created.id, HERE);
    assert.deepEqual(
      deployments.deployments.map(({ version_id }) => version_id),
      ["1", "2", "1"],
    );
    const second = await sdk.getVersion("2", { ...HERE, id: created.id });
    assert.deepEqual([second.version_id, second.active, second.elements], ["2", "false", elementsTo("scripted-2")]);
  });

  it("lists routes by page, renames one, and deletes it", async () => {
    const ids: string[] = [];
    for (const name of ["page-a", "page-b", "page-c"]) {
      ids.push((await sdk.create("default", { account_id: "acme", name, elements: elementsTo("scripted-1") })).id);
    }
    const names = async (page: number): Promise<string[]> => {
      const { success, data } = await sdk.list("default", { account_id: "acme", page, per_page: 2 });
      assert.deepEqual([success, data.page, data.per_page], [true, page, 2]);
      return data.routes.map(({ name }) => name);
    };
    assert.deepEqual(await names(1), ["chat", "page-a"]);
    assert.deepEqual(await names(2), ["page-b", "page-c"]);
    assert.deepEqual(await names(3), []);

    const [id = ""] = ids;
    const renamed = await sdk.update(id, { ...HERE, name: "page-z" });
    assert.deepEqual([renamed.success, renamed.route.name, renamed.route.account_tag], [true, "page-z", "acme"]);
    await isServedBy("page-z", "scripted-1");

    assert.equal((await sdk.delete(id, HERE)).name, "page-z");
    assert.equal((await refusalOf(sdk.get(id, HERE))).status, 404);
    await eventually(async () => (await servedBy("page-z")) === null, { timeoutMs: 1_000, reason: "it is gone" });
  });

  it("hears of bad elements in Cloudflare's own words, with the path, and nothing is saved", async () => {
    const [start, model, end] = elementsTo("scripted-1");
    const properties = { model: "scripted-1", retries: 1, timeout: 30_000 };
    const broken = [start, { ...model, properties }, end] as Elements;
    assert.deepEqual(await refusalOf(sdk.create("default", { account_id: "acme", name: "bad", elements: broken })), {
      status: 400,
      errors: [{ code: 7001, message: "Required", path: ["body", "elements", 1, "properties", "provider"] }],
    });
    const empty = (await refusalOf(sdk.create("default", { account_id: "acme" } as never))).errors;
    assert.deepEqual(empty, [{ code: 7001, message: "Required", path: ["body", "name"] }]);
    const odd = [start, { ...model, type: "rate_limit" }, end] as unknown as Elements;
    const { errors } = await refusalOf(sdk.create("default", { account_id: "acme", name: "bad", elements: odd }));
    assert.match(
      errors[0]?.message ?? "",
      /^Expected 'start' \| 'conditional' \| 'percentage' \| 'rate' \| 'model' \| 'end'/,
    );
    const unknown = await refusalOf(
      sdk.create("default", { account_id: "acme", name: "bad", elements: elementsTo("nobody") }),
    );
    assert.equal(unknown.status, 400);
    assert.deepEqual(unknown.errors[0]?.path, ["body", "elements", 1]);
    assert.match(unknown.errors[0]?.message ?? "", /scripted\/nobody/);
    const { data } = await sdk.list("default", { account_id: "acme", per_page: 50 });
    assert.ok(!data.routes.some(({ name }) => name === "bad"));
  });

  it("finds no account that is no organisation, no other gateway, no route of another organisation", async () => {
    const list = (account_id: string, gateway: string) => refusalOf(sdk.list(gateway, { account_id }));
    for (const refused of [
      await list("default", "default"),
      await list("nobody", "default"),
      await list("acme", "other"),
    ]) {
      assert.deepEqual([refused.status, refused.errors[0]?.code], [404, 7003]);
    }
    const everyones = (await adminOf(stack)("GET", "/api/v1/routes/support")).body.id as string;
    assert.equal((await refusalOf(sdk.get(everyones, HERE))).status, 404);
  });

  it("without a key of ours it may do nothing", async () => {
    const refused = await refusalOf(sdkWith("a-token-of-cloudflare").list("default", { account_id: "acme" }));
    assert.deepEqual([refused.status, refused.errors[0]?.code], [401, 10_000]);
  });
});
