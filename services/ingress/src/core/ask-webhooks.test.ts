import assert from "node:assert/strict";
import { test } from "node:test";
import { askWebhooks, WEBHOOK_TEXT_UNITS_MAX } from "./ask-webhooks.ts";
import type { Webhook } from "./content-filters.ts";

const webhook: Webhook = {
  ...{
    url: "https://m.example",
    timeoutMs: 100,
    allowPrivateAddress: false,
    buffer: false,
    filter: "mod",
    action: "block",
  },
  unchecked: { filter: "mod", kind: "unchecked", action: "flag" },
};
const asked = { where: "input" as const, requestId: "r", texts: ["hello"] };
const answers = (flagged: boolean, ...kinds: string[]) =>
  askWebhooks([webhook], asked, async () => ({ flagged, kinds }));

test("what is flagged is found once for each kind it names, or once in all", async () => {
  assert.deepEqual(await answers(true, "violence", "hate"), [
    { filter: "mod", kind: "violence", action: "block" },
    { filter: "mod", kind: "hate", action: "block" },
  ]);
  assert.deepEqual(await answers(true), [{ filter: "mod", kind: "webhook", action: "block" }]);
  assert.deepEqual(await answers(false, "violence"), []);
});

test("a kind that is no word is not passed on: it might be a text", async () => {
  assert.deepEqual(await answers(true, "My card is 42"), [{ filter: "mod", kind: "webhook", action: "block" }]);
});

test("no answer, and too much text, is what the filter makes of it", async () => {
  const fails = async () => {
    throw new Error("timeout");
  };
  assert.deepEqual(await askWebhooks([webhook], asked, fails), [webhook.unchecked]);
  const texts = ["x".repeat(WEBHOOK_TEXT_UNITS_MAX + 1)];
  assert.deepEqual(await askWebhooks([webhook], { ...asked, texts }, () => assert.fail()), [webhook.unchecked]);
});
