import assert from "node:assert/strict";
import { test } from "node:test";
import { blockedInput } from "./blocked-input.ts";

const found = (filter: string, kind: string, action: string) => ({ filter, kind, action, count: 2 });

test("a finding of a filter that blocks refuses the request and is named without its text", () => {
  const findings = [
    found("pii", "email", "redact"),
    found("keys", "jwt", "block"),
    found("keys", "openai_key", "block"),
  ];
  assert.equal(
    blockedInput(findings),
    "The input was blocked by a content filter of this gateway: keys (jwt), keys (openai_key).",
  );
});

test("what is redacted or flagged goes on", () => {
  assert.equal(blockedInput([found("pii", "email", "redact"), found("look", "jwt", "flag")]), undefined);
  assert.equal(blockedInput([]), undefined);
});
