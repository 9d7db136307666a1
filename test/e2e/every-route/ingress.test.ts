// Every route of the ingress against everybody and everything that it must refuse, told as its surface tells errors. A route that
// is new and has no row fails here.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { adminOf, routeTo } from "../../stack/admin.ts";
import { exchange, head } from "../../stack/raw-http.ts";
import { startStack, type TestStack } from "../../stack/start-stack.ts";
import { INGRESS_ROWS, ingressRoutes, routesIn } from "./ingress-routes.ts";
import { refusalOf } from "./refusals.ts";

const BODY_BYTES_MAX = 64 * 1024;
/** More than a head may have, less than what a socket takes at once. */
const TOO_LONG = "a".repeat(20_000);
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const waybillYaml = (url: string): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 1000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-e, contextWindowTokens: 8192, capabilities: [embeddings], price: {input: "1"}}
`;

let stack: TestStack;
before(async () => {
  stack = await startStack({
    replicas: { console: 1 },
    waybillYaml,
    env: { ingress: { WAYBILL_BODY_BYTES_MAX: String(BODY_BYTES_MAX) } },
  });
  await stack.sql("INSERT INTO accounts.organisation (id, name) VALUES ('other', 'Other')");
  const made = await adminOf(stack)("POST", "/api/v1/routes?organisation=other", {
    name: "theirs",
    document: routeTo("scripted/scripted-1"),
    deploy: true,
  });
  assert.equal(made.status, 201);
});
after(() => stack[Symbol.asyncDispose]());

interface Sent {
  key?: string | undefined;
  headers?: Record<string, string | number>;
  body?: string;
}

/** One request as bytes. */
function request(method: string, path: string, { key, headers = {}, body }: Sent = {}): string {
  const all = {
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(body !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    ...headers,
  };
  return head(method, path, all) + (body ?? "");
}

describe("every route of the ingress", () => {
  it("has a row, and every row is a route", async () => {
    assert.deepEqual((await ingressRoutes()).sort(), Object.keys(INGRESS_ROWS).sort());
  });

  for (const [route, row] of Object.entries(INGRESS_ROWS)) {
    const { form, body: bodyFor, foreignModel, model = "scripted/scripted-1", always, below = "404 not_found" } = row;
    const [verb = "", declared = ""] = route.split(" ");
    const [method, path] = [verb === "ALL" ? "GET" : verb, row.at ?? declared];
    const bodyOf = (model: string): { body?: string } => (bodyFor ? { body: JSON.stringify(bodyFor(model)) } : {});
    const refused = async (bytes: string): Promise<string> => refusalOf(await exchange(stack.url, bytes), form);

    describe(route, () => {
      it("serves who may", async () => {
        const sent = { key: stack.keys.support_1, ...bodyOf(model) };
        const answer = await exchange(stack.url, request(method, path, sent));
        if (always) assert.equal(refusalOf(answer, form), always);
        else assert.equal(answer.status, 200, answer.body);
        assert.equal(answer.headers.get("request-id"), answer.headers.get("x-request-id"));
      });

      it("is shut without a key, and to keys of another kind, another form and another secret", async () => {
        const right = stack.keys.support_1 ?? "";
        for (const key of [undefined, "", "sk-x", stack.keys.admin, stack.operatorToken, `${right.slice(0, -4)}AAAA`]) {
          const sent = { key, ...bodyOf(model) };
          assert.equal(await refused(request(method, path, sent)), always ?? "401 invalid_api_key", key);
        }
        const basic = { headers: { authorization: `Basic ${right}` }, ...bodyOf(model) };
        assert.equal(await refused(request(method, path, basic)), always ?? "401 invalid_api_key");
      });

      it("takes no head and no path that is too long", async () => {
        const long = { key: stack.keys.support_1, headers: { "x-long": TOO_LONG } };
        assert.equal(await refused(request(method, path, long)), "431 headers_too_large");
        const far = request(method, `${path}?${TOO_LONG}`, { key: stack.keys.support_1 });
        assert.equal(await refused(far), "431 headers_too_large");
      });

      it("takes no other method, and says which", async () => {
        if (verb === "ALL") return;
        const taken = Object.keys(INGRESS_ROWS)
          .filter((other) => other.endsWith(` ${declared}`))
          .map((row) => row.split(" ")[0] ?? "");
        // What may be got may be asked for its head.
        if (taken.includes("GET")) taken.push("HEAD");
        for (const other of METHODS.filter((name) => !taken.includes(name) && name !== "HEAD")) {
          const answer = await exchange(stack.url, request(other, path, { key: stack.keys.support_1 }));
          assert.equal(refusalOf(answer, form), "405 method_not_allowed", other);
          assert.match(answer.body, new RegExp(`Use ${taken[0]}`));
        }
      });

      it("has nothing below it but what has a row", async () => {
        assert.equal(await refused(request(method, `${path}/nothing`, { key: stack.keys.support_1 })), below);
      });

      if (bodyFor) {
        it("takes no body that is too large, promised or in chunks", async () => {
          const { key } = { key: stack.keys.support_1 };
          const type = { "content-type": "application/json" };
          const promised = { key, headers: { ...type, "content-length": BODY_BYTES_MAX + 1 } };
          assert.equal(await refused(request(method, path, promised)), "413 body_too_large");
          const chunk = `${(BODY_BYTES_MAX + 1).toString(16)}\r\n${" ".repeat(BODY_BYTES_MAX + 1)}\r\n`;
          const chunked = { key, headers: { ...type, "transfer-encoding": "chunked" } };
          assert.equal(await refused(request(method, path, chunked) + chunk), "413 body_too_large");
        });

        it("takes no body of another kind, and none that is no JSON", async () => {
          const { key } = { key: stack.keys.support_1 };
          const form = { key, headers: { "content-type": "text/plain" }, body: "hello" };
          assert.equal(await refused(request(method, path, form)), "415 unsupported_media_type");
          assert.equal(await refused(request(method, path, { key, body: "{" })), "400 invalid_json");
        });
      }

      if (foreignModel !== undefined) {
        it("knows no model of another organisation's", async () => {
          const sent = { key: stack.keys.support_1, ...bodyOf("dynamic/theirs") };
          assert.equal(await refused(request(method, path, sent)), foreignModel);
          assert.equal(await refused(request(method, path, { ...sent, ...bodyOf("dynamic/nobodys") })), foreignModel);
        });
      }
    });
  }

  it("lists nothing of another organisation's", async () => {
    const list = request("GET", "/v1/models", { key: stack.keys.support_1 });
    const { body } = await exchange(stack.url, list);
    assert.ok(body.includes("scripted/scripted-1") && !body.includes("theirs"), body);
  });

  it("called a provider for the good requests alone", async () => {
    const good = Object.values(INGRESS_ROWS).filter(({ foreignModel }) => foreignModel !== undefined).length;
    await eventually(() => stack.provider.log.entries().length >= good, { reason: "the good requests were called" });
    assert.equal(stack.provider.log.entries().length, good);
  });
});

describe("the table of routes", () => {
  it("would see a route that is new, and one that it cannot read", () => {
    assert.deepEqual(routesIn('server.get("/v1/new", async () => {});'), ["GET /v1/new"]);
    assert.ok(routesIn("server.post(surface.path, async () => {});").includes("POST /v1/messages"));
    assert.throws(() => routesIn("server.put(somewhere, async () => {});"), /teach/);
  });
});
