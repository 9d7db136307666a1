// What a webhook may be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { checkWebhook } from "./webhook-rules.ts";

const refusal = (url: string, kinds: string[], takesPlainHttp = false): string | undefined => {
  try {
    checkWebhook({ url, kinds }, takesPlainHttp);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof WaybillError);
    return error.param;
  }
};

test("an address begins with https://, and with http:// only where an operator allows it", () => {
  assert.equal(refusal("https://hooks.example.com/a?b=c", []), undefined);
  assert.equal(refusal("http://hooks.example.com", []), "url");
  assert.equal(refusal("http://hooks.example.com", [], true), undefined);
  for (const wrong of [
    "",
    "hooks",
    "ftp://x",
    "https://user:pass@x",
    "https://x/#a",
    `https://x/${"a".repeat(2_048)}`,
  ]) {
    assert.equal(refusal(wrong, [], true), "url", wrong);
  }
});

test("kinds are known ones, each once", () => {
  assert.equal(refusal("https://x", ["threshold", "runaway"]), undefined);
  assert.equal(refusal("https://x", ["usage"]), undefined);
  assert.equal(refusal("https://x", ["other"]), "kinds");
  assert.equal(refusal("https://x", ["test", "test"]), "kinds");
});
