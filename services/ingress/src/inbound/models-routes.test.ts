import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import { Attribution, VirtualKey } from "@waybill/wire";
import { type HttpOptions, serveHttp } from "./http.ts";

/** What the key may see; only its names are asked for. */
const MODELS = ["auto", "better", "dynamic/support", "openai/gpt-5", "together/meta-llama/Llama 3%2F"].map((id) => ({
  id,
  ownedBy: "waybill",
}));
const options: HttpOptions = {
  makeId: () => "id-1",
  authenticate: async (presented) => {
    if (presented !== "good") throw new WaybillError("invalid_api_key");
    return VirtualKey.create({ attribution: Attribution.create({ organisationId: "acme" }) });
  },
  listModels: () => MODELS,
  serve: () => assert.fail(),
  countTokens: () => assert.fail(),
  failReading: () => {},
  refusal: () => undefined,
  onRefused: () => {},
};
const http = await serveHttp(
  { WAYBILL_HTTP_HOST: "127.0.0.1", WAYBILL_HTTP_PORT: 0, WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: 1_000 },
  options,
);
after(() => http.close());

interface Body {
  id?: string;
  type?: string;
  error?: { code?: string; param?: string; type?: string; details?: { error_code: string } };
  data?: { id: string }[];
  has_more?: boolean;
  first_id?: string;
  last_id?: string;
}
const get = async (path: string, headers: Record<string, string> = {}) => {
  const url = `http://127.0.0.1:${http.port}/v1/models${path}`;
  const answer = await fetch(url, { headers: { authorization: "Bearer good", ...headers } });
  return { status: answer.status, requestId: answer.headers.get("x-request-id"), body: (await answer.json()) as Body };
};
const ANTHROPIC = { "anthropic-version": "2023-06-01" };

describe("GET /v1/models/{id}", () => {
  for (const path of ["openai/gpt-5", "openai%2Fgpt-5", "openai%2fgpt-5?x=1", "dynamic/support", "better", "auto"]) {
    it(`finds ${path}`, async () => {
      const { status, requestId, body } = await get(`/${path}`);
      const id = decodeURIComponent(path.replace("?x=1", ""));
      assert.deepEqual([status, requestId], [200, "id-1"]);
      assert.deepEqual(body, { id, object: "model", created: 0, owned_by: "waybill" });
    });
  }

  it("decodes a name once, whatever it holds", async () => {
    const id = "together/meta-llama/Llama 3%2F";
    assert.equal((await get(`/${encodeURIComponent(id)}`)).body.id, id);
    assert.equal((await get("/openai%252Fgpt-5")).status, 404);
  });

  it("says 404 model_not_found of any other name, in the client's dialect", async () => {
    for (const path of ["/openai/gpt-6", "/openai", "/openai/gpt-5/", "/"]) {
      const { status, body } = await get(path);
      assert.deepEqual([status, body.error?.code, body.error?.param], [404, "model_not_found", "model"], path);
    }
    const { status, body } = await get("/openai/gpt-6", ANTHROPIC);
    assert.deepEqual([status, body.type, body.error?.type], [404, "error", "not_found_error"]);
    assert.equal(body.error?.details?.error_code, "model_not_found");
  });

  it("asks for a key", async () => {
    assert.equal((await get("/openai/gpt-5", { authorization: "Bearer bad" })).status, 401);
  });
});

describe("Anthropic's shape, where its version is sent", () => {
  it("has a model", async () => {
    const { body } = await get("/openai/gpt-5", ANTHROPIC);
    assert.deepEqual(body, {
      ...{ type: "model", id: "openai/gpt-5", display_name: "openai/gpt-5" },
      created_at: "1970-01-01T00:00:00Z",
    });
  });

  it("has all of them on one page", async () => {
    const { body } = await get("", ANTHROPIC);
    assert.deepEqual(
      body.data?.map(({ id }) => id),
      MODELS.map(({ id }) => id),
    );
    assert.deepEqual([body.has_more, body.first_id, body.last_id], [false, "auto", MODELS.at(-1)?.id]);
  });
});
