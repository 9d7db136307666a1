// Tokens of an identity provider on a whole stack: whoever its claims name is let in, is held to that organisation's budgets and
// stands on the books; whatever is wrong with a token is 401 on every surface, and an issuer that is away is 503.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { eventually, freePort } from "@waybill/testing";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

interface SigningKey {
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** An identity provider with its published keys, which it can change and hide. */
class Issuer {
  readonly #server: Server;
  keys: SigningKey[] = [Issuer.makeKey("first")];
  isAway = false;
  asked = 0;

  static makeKey(id: string): SigningKey {
    return { id, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
  }

  constructor() {
    this.#server = createServer((request, response) => {
      this.asked += 1;
      if (this.isAway) {
        response.statusCode = 503;
        response.end();
        return;
      }
      const jwks = this.keys.map(({ id, publicKey }) => ({
        ...publicKey.export({ format: "jwk" }),
        ...{ kid: id, alg: "ES256", use: "sig" },
      }));
      const configuration = { issuer: this.url, jwks_uri: `${this.url}/keys` };
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(request.url === "/keys" ? { keys: jwks } : configuration));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  token(claims: Record<string, unknown> = {}, by = this.keys[0], header: Record<string, unknown> = {}): string {
    assert.ok(by);
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const all = {
      ...{ iss: this.url, aud: "waybill", sub: "ada", iat: nowSeconds, exp: nowSeconds + 600 },
      ...{ organisation: "acme", team: "support", cost: { centre: "cc-7" } },
      ...claims,
    };
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${part({ alg: "ES256", typ: "JWT", kid: by.id, ...header })}.${part(all)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: by.privateKey, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let stack: TestStack;
const issuer = new Issuer();
before(async () => {
  await issuer.listen();
  stack = await startStack({
    env: {
      ingress: {
        WAYBILL_OIDC_ISSUER: issuer.url,
        WAYBILL_OIDC_AUDIENCE: "waybill",
        WAYBILL_OIDC_CLAIMS: "organisation=organisation,team=team,user=sub,models=models,tag.cost_centre=cost.centre",
      },
    },
  });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await issuer.close();
});

const MODELS = ["scripted/scripted-1"];
const bearer = (token: string) => ask(stack, { key: token });
const codeOf = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { error: { code: string } }).error.code;

describe("a token of the issuer", () => {
  it("is let in, and its claims stand on the books", async () => {
    const answer = await bearer(issuer.token({ models: MODELS }));
    assert.equal(answer.status, 200, await answer.text());
    const id = answer.headers.get("x-request-id");
    const [row] = await eventually(
      async () => {
        const rows = await stack.sql<Record<string, unknown>>(
          `SELECT organisation_id, team_id, user_id, key_id, tags FROM ledger.attempt WHERE request_id = '${id}'`,
        );
        return rows.length > 0 ? rows : undefined;
      },
      { reason: "the attempt is booked" },
    );
    const { key_id: keyId, ...account } = row ?? {};
    assert.deepEqual(account, {
      ...{ organisation_id: "acme", team_id: "support", user_id: "ada", tags: { cost_centre: "cc-7" } },
    });
    assert.match(String(keyId), /^oidc-[0-9a-f]{16}$/);
  });

  it("may use the models it names, and none where it names none", async () => {
    assert.equal(await codeOf(await bearer(issuer.token({ models: ["scripted/scripted-2"] }))), "model_not_allowed");
    assert.equal((await bearer(issuer.token())).status, 401);
  });

  it("is taken as x-api-key by Anthropic's clients, too", async () => {
    const answer = await fetch(`${stack.url}/v1/messages`, {
      method: "POST",
      headers: {
        "x-api-key": issuer.token({ models: MODELS }),
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
      },
      body: JSON.stringify({ model: MODELS[0], max_tokens: 9, messages: [{ role: "user", content: "hi" }] }),
    });
    assert.equal(answer.status, 200, await answer.text());
  });
});

describe("a token that is not in order", () => {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const forger = Issuer.makeKey("first");
  const none = (): string => `${issuer.token({}, undefined, { alg: "none" }).split(".").slice(0, 2).join(".")}.`;
  const cases: [what: string, token: () => string][] = [
    ["has expired", () => issuer.token({ exp: nowSeconds - 60 })],
    ["is not valid yet", () => issuer.token({ nbf: nowSeconds + 600 })],
    ["never expires", () => issuer.token({ exp: undefined })],
    ["is for somebody else", () => issuer.token({ aud: "another" })],
    ["is of another issuer", () => issuer.token({ iss: "https://evil.example" })],
    ["names no organisation", () => issuer.token({ models: MODELS, organisation: undefined })],
    ["was signed by somebody else under the same key id", () => issuer.token({ models: MODELS }, forger)],
    ["is not signed", none],
    [
      "was changed",
      () => issuer.token({ models: MODELS }).replace(/\.[^.]+\./, `.${Buffer.from("{}").toString("base64url")}.`),
    ],
  ];
  for (const [what, token] of cases) {
    it(`because it ${what} is 401, in each surface's words`, async () => {
      const presented = token();
      const answer = await bearer(presented);
      assert.deepEqual([answer.status, await codeOf(answer)], [401, "invalid_api_key"]);
      const anthropic = await fetch(`${stack.url}/v1/messages`, {
        method: "POST",
        headers: { "x-api-key": presented, "content-type": "application/json" },
        body: "{}",
      });
      const { type, error } = (await anthropic.json()) as { type: string; error: { type: string } };
      assert.deepEqual([anthropic.status, type, error.type], [401, "error", "authentication_error"]);
    });
  }

  it("costs nothing and reaches no provider", async () => {
    const { calls } = await stack.provider.log.summary();
    await bearer(issuer.token({ models: MODELS }, forger));
    assert.equal((await stack.provider.log.summary()).calls, calls);
  });
});

describe("the issuer", () => {
  it("may change its keys: the new one is found, at most ten seconds later", async () => {
    const next = Issuer.makeKey("second");
    issuer.keys = [next];
    const token = issuer.token({ models: MODELS, jti: "rotated" }, next);
    await eventually(async () => (await bearer(token)).status === 200, {
      ...{ reason: "the new key is found", timeoutMs: 15_000, intervalMs: 500 },
    });
  });

  it("is not hammered by forged key ids", async () => {
    const before = issuer.asked;
    const forged = Array.from({ length: 30 }, (_, n) =>
      issuer.token({ models: MODELS }, Issuer.makeKey(`forged-${n}`)),
    );
    const statuses = await Promise.all(forged.map(async (token) => (await bearer(token)).status));
    assert.deepEqual([...new Set(statuses)], [401]);
    assert.ok(issuer.asked - before <= 3, `asked ${issuer.asked - before} times`);
  });

  it("may be away: who was checked before goes on, and virtual keys do", async () => {
    const token = issuer.token({ models: MODELS, jti: "known" });
    assert.equal((await bearer(token)).status, 200);
    issuer.isAway = true;
    assert.equal((await bearer(token)).status, 200);
    assert.equal((await ask(stack)).status, 200);
  });

  it("that is away when it is asked for the first time is 503, and is asked again once it is back", async () => {
    issuer.isAway = true;
    const port = String(await freePort());
    await stack.start("ingress", { env: { WAYBILL_HTTP_PORT: port } });
    const url = `http://127.0.0.1:${port}`;
    const token = issuer.token({ models: MODELS, jti: "first" });
    const refused = await ask(stack, { key: token, url });
    assert.deepEqual([refused.status, await codeOf(refused)], [503, "accounts_unavailable"]);
    issuer.isAway = false;
    assert.equal((await ask(stack, { key: token, url })).status, 200);
  });
});

it("no token stands in any log", async () => {
  for (const { logFile } of stack.of("ingress")) {
    const text = await readFile(logFile, "utf8");
    assert.ok(!/eyJ[A-Za-z0-9_-]{20,}/.test(text), logFile);
  }
});
