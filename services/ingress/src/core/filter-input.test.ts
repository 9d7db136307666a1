import assert from "node:assert/strict";
import { test } from "node:test";
import { compileFilter, type FilterAction, type Found } from "@waybill/filters";
import { openAiChat } from "@waybill/surfaces";
import type { AskWebhook } from "../ports.ts";
import type { FilterSet, Webhook } from "./content-filters.ts";
import { filterInput, SCANNED_UNITS_MAX } from "./filter-input.ts";

function setOf(action: FilterAction): FilterSet {
  const { rules } = compileFilter({
    ...{
      id: "pii",
      where: ["input"],
      action,
      pii: ["email", "credit_card"],
      secrets: false,
      keywords: [],
      pattern: "",
    },
    ...{ always: true, onError: "closed", replacement: "" },
  });
  return {
    rules,
    unchecked: [{ filter: "pii", kind: "unchecked", action: "block" }],
    unready: [],
    webhooks: [],
    identity: [],
  };
}

async function filtered(body: string, filters: FilterSet, askWebhook: AskWebhook = () => assert.fail()) {
  const found: Found[] = [];
  const asked = openAiChat.readRequest(Buffer.from(body));
  const onFound = (one: Found): void => void found.push(one);
  const after = await filterInput(asked, { surface: openAiChat, filters, requestId: "r", askWebhook, onFound });
  return { asked, after, kinds: found.map(({ kind, action }) => `${kind} ${action}`) };
}

const chat = (content: string, more = ""): string =>
  `{"model":"m",  "messages":[{"role":"user","content":${JSON.stringify(content)}}]${more}}`;

test("a redacted request is the one that came but for its findings, with what it asks of its route", async () => {
  const more = ',"temperature": 1.0,"routing_config":{"mode":"cost"}';
  const { after, kinds } = await filtered(chat("I am jane@example.com", more), setOf("redact"));
  assert.equal(after.body.toString(), chat("I am [email]", ',"temperature": 1.0'));
  assert.equal(after.routing?.mode, "cost");
  const span = after.fields.get("temperature");
  assert.equal(after.body.subarray(span?.valueStart, span?.valueEnd).toString(), "1.0");
  assert.deepEqual(kinds, ["email redact"]);
});

test("arguments of a tool stay JSON", async () => {
  const call = { function: { name: "pay", arguments: '{"card":4242424242424242}' } };
  const body = JSON.stringify({ model: "m", messages: [{ role: "assistant", tool_calls: [call] }] });
  const { after } = await filtered(body, setOf("redact"));
  const sent = JSON.parse(after.body.toString()).messages[0].tool_calls[0].function.arguments;
  assert.deepEqual(JSON.parse(sent), { card: "[credit_card]" });
});

test("what is flagged, blocked or harmless goes on as the same object", async () => {
  for (const [action, text] of [
    ["flag", "jane@example.com"],
    ["block", "jane@example.com"],
    ["redact", "hello"],
  ] as const) {
    const { asked, after, kinds } = await filtered(chat(text), setOf(action));
    assert.equal(after, asked);
    assert.deepEqual(kinds, text === "hello" ? [] : [`email ${action}`]);
  }
});

test("a filter that is not ready speaks first, and too much text is what the filter makes of it", async () => {
  const missing: Found = { filter: "gone", kind: "missing", action: "block" };
  assert.deepEqual(
    (await filtered(chat("hi"), { rules: [], unchecked: [], unready: [missing], webhooks: [], identity: [] })).kinds,
    ["missing block"],
  );
  const long = chat("x ".repeat(SCANNED_UNITS_MAX / 2 + 1));
  assert.deepEqual((await filtered(long, setOf("redact"))).kinds, ["unchecked block"]);
});

test("a webhook is shown what the model would be, and is not asked about what is blocked already", async () => {
  const webhook: Webhook = {
    ...{
      url: "https://m.example",
      timeoutMs: 9,
      allowPrivateAddress: false,
      buffer: false,
      filter: "mod",
      action: "block",
    },
    unchecked: { filter: "mod", kind: "unchecked", action: "block" },
  };
  const shown: string[] = [];
  const ask: AskWebhook = async (_, { texts }) => {
    shown.push(...texts);
    return { flagged: true, kinds: ["hate"] };
  };
  const { kinds } = await filtered(chat("I am jane@example.com"), { ...setOf("redact"), webhooks: [webhook] }, ask);
  assert.deepEqual([shown, kinds], [["I am [email]"], ["email redact", "hate block"]]);
  const blocked = await filtered(chat("I am jane@example.com"), { ...setOf("block"), webhooks: [webhook] });
  assert.deepEqual(blocked.kinds, ["email block"]);
});
