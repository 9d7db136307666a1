import assert from "node:assert/strict";
import { test } from "node:test";
import { countTokens } from "./count-tokens.ts";

const count = (fields: object) => countTokens(Buffer.from(JSON.stringify({ model: "m", ...fields })));
const messages = [{ role: "user", content: "x".repeat(400) }];

test("counts text, tools and the system, and needs no max_tokens", () => {
  const plain = count({ messages });
  assert.ok(plain >= 100 && plain < 120, String(plain));
  assert.ok(count({ messages, system: "y".repeat(400) }) >= plain + 100);
  assert.ok(count({ messages, tools: [{ name: "f", input_schema: { z: "z".repeat(400) } }] }) >= plain + 100);
});

test("refuses what is no request, by name", () => {
  assert.throws(() => count({}), { param: "messages" });
});
