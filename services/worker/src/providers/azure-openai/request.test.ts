import assert from "node:assert/strict";
import { test } from "node:test";
import { Waybill } from "@waybill/wire";
import { azureOpenAi } from "./index.ts";
import { azureKey } from "./request.ts";

const waybill = Waybill.fromPartial({ target: { provider: "p", model: "m", upstreamModel: "my deployment" } });
const pathOf = (apiVersion: string): string | undefined =>
  azureOpenAi
    .exchange("openai-chat", { host: "x.openai.azure.com", region: "", apiVersion })
    ?.request({ ...waybill, bodyIsEmpty: true, insertAt: 1 }, Buffer.from("{}")).path;

test("under /openai/v1, or with a version under the deployment", () => {
  assert.equal(pathOf(""), "/openai/v1/chat/completions");
  assert.equal(pathOf("2024-10-21"), "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21");
});

test("a key has its own header, a token of Entra's is a bearer's", () => {
  const call = { method: "POST", host: "h", path: "/", headers: [], body: new Uint8Array(), nowUnixMs: 0 } as const;
  assert.deepEqual(azureKey("k1").headers(call), ["api-key", "k1"]);
  assert.deepEqual(azureKey("eyJ0.e.s").headers(call), ["authorization", "Bearer eyJ0.e.s"]);
  assert.deepEqual(azureKey("").headers(call), []);
  assert.deepEqual(azureKey("k1").secrets, ["k1"]);
});
