import assert from "node:assert/strict";
import { test } from "node:test";
import { FailedAccounts } from "./failed-accounts.ts";

const at = (provider: string) => ({
  target: { provider, model: "m", upstreamModel: "m", simulated: false },
});

test("accounts that failed are told to attempts at the same provider only, each once", () => {
  const failed = new FailedAccounts();
  for (const account of ["a", "b", "a"]) failed.add(at("azure"), { account, otherAccount: true });
  assert.deepEqual(failed.of(at("azure")), ["a", "b"]);
  assert.deepEqual(failed.of(at("openai")), []);
});

test("an attempt that called nobody adds nothing", () => {
  const failed = new FailedAccounts();
  failed.add(at("azure"), { account: "", otherAccount: false });
  assert.deepEqual(failed.of(at("azure")), []);
});
