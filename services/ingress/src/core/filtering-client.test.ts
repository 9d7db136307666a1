import assert from "node:assert/strict";
import { test } from "node:test";
import type { WaybillError } from "@waybill/domain";
import { compileFilter, type FilterAction } from "@waybill/filters";
import { anthropicMessages, openAiChat, type Surface } from "@waybill/surfaces";
import type { AnswerHead, Client } from "../ports.ts";
import type { Webhook } from "./content-filters.ts";
import { FilterTally } from "./filter-tally.ts";
import { FilteringClient } from "./filtering-client.ts";

const head = { model: "m" } as AnswerHead;

function setUp(action: FilterAction, surface: Surface = openAiChat, webhooks: readonly Webhook[] = []) {
  const log: string[] = [];
  const heads: AnswerHead[] = [];
  const inner = {
    isGone: false,
    hasContent: false,
    answer: (told: AnswerHead, _status: number, _type: string, body: Buffer[]) => {
      heads.push(told);
      log.push(Buffer.concat(body).toString());
    },
    stream: (told: AnswerHead, bytes: Uint8Array) => {
      heads.push(told);
      return log.push(Buffer.from(bytes).toString()) > 0;
    },
    endStream: () => void log.push("end"),
    fail: () => void log.push("fail"),
  } as unknown as Client;
  const { rules } = compileFilter({
    ...{ id: "pii", where: ["output"], action, pii: ["email"], secrets: false, keywords: [], pattern: "" },
    ...{ always: true, onError: "closed", replacement: "" },
  });
  const errors: WaybillError[] = [];
  const asked: string[] = [];
  const tally = new FilterTally();
  const client = new FilteringClient(inner, {
    surface,
    filters: {
      rules,
      unchecked: [{ filter: "pii", kind: "unchecked", action: "block" }],
      unready: [],
      webhooks,
      identity: [],
    },
    tally,
    requestId: "r",
    askWebhook: async (_, { texts }) => {
      asked.push(...texts);
      return { flagged: texts.some((text) => text.includes("war")), kinds: [] };
    },
    onBlocked: (error) => void errors.push(error),
  });
  const answer = (body: string): void => client.answer(head, 200, "application/json", [Buffer.from(body)], "0");
  const stream = (data: object): void => client.stream(head, Buffer.from(`data: ${JSON.stringify(data)}\n\n`));
  return { client, log, heads, errors, asked, tally, answer, stream };
}

const chat = (content: string, more = ""): string =>
  `{"id":"a@b.co", "choices":[{"index":0,"message":{"content":"${content}"}${more}}],"usage":{"n":1.0}}`;
const chunk = (content: string) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });

test("a whole answer keeps every byte but its findings, and its head tells of them", () => {
  const { answer, log, heads } = setUp("redact");
  answer(chat("I am jane@example.com"));
  assert.deepEqual(log, [chat("I am [email]")]);
  assert.equal(heads[0]?.filters, "pii:redacted(1)");
});

test("log probabilities go with a finding, and stay where there is none", () => {
  const { answer, log } = setUp("redact");
  const more = ',"logprobs":{"content":[{"token":"jane"}]}';
  answer(chat("hello", more));
  answer(chat("jane@example.com", more));
  assert.equal(log[0], chat("hello", more));
  assert.deepEqual(JSON.parse(log[1] ?? "").choices[0], { index: 0, message: { content: "[email]" }, logprobs: null });
});

test("the input of a tool is looked at in Messages", () => {
  const { answer, log } = setUp("redact", anthropicMessages);
  answer('{"content":[{"type":"tool_use","id":"toolu_1","name":"mail","input":{"to":"jane@example.com"}}]}');
  assert.match(log[0] ?? "", /"input":\{"to":"\[email\]"\}/);
});

test("a whole answer that is blocked is never told; whoever asked hears why", () => {
  const { answer, log, errors } = setUp("block");
  answer(chat("jane@example.com"));
  assert.deepEqual(log, []);
  assert.deepEqual(
    errors.map(({ code, publicMessage }) => [code, publicMessage]),
    [["content_filtered", "The answer was blocked by a content filter of this gateway: pii (email)."]],
  );
});

test("what is no JSON cannot be looked at, so it is blocked", () => {
  const { answer, log, errors } = setUp("redact");
  answer("hello jane@example.com");
  assert.deepEqual(log, []);
  assert.match(errors[0]?.publicMessage ?? "", /pii \(unchecked\)/);
});

test("a stream that is blocked shows nothing more, has no end, and says so once", () => {
  const { client, stream, log, errors } = setUp("block");
  stream(chunk("I am "));
  stream(chunk("jane@exam"));
  stream(chunk("ple.com and "));
  stream(chunk("more"));
  client.endStream();
  assert.equal(errors.length, 1);
  assert.match(log.join(""), /I am /);
  assert.doesNotMatch(log.join(""), /jane|more|end/);
});

test("a stream's held rest comes before its end", () => {
  const { client, stream, log } = setUp("redact");
  stream(chunk("I am jane@exam"));
  stream(chunk("ple.com"));
  client.endStream();
  assert.match(log.at(-2) ?? "", /"content":"\[email\]"/);
  assert.equal(log.at(-1), "end");
});

test("an event above all measure ends the answer", () => {
  const { client, errors } = setUp("redact");
  client.stream(head, Buffer.alloc(17 * 1024 * 1024, "x"));
  assert.equal(errors[0]?.code, "upstream_malformed");
});

test("a failure tells what was found", () => {
  const { client, tally, log } = setUp("redact");
  tally.add("input", { filter: "pii", kind: "email", action: "redact" });
  client.fail({} as WaybillError, head);
  assert.deepEqual(log, ["fail"]);
});

const webhook: Webhook = {
  ...{
    url: "https://m.example",
    timeoutMs: 9,
    allowPrivateAddress: false,
    buffer: true,
    filter: "mod",
    action: "block",
  },
  unchecked: { filter: "mod", kind: "unchecked", action: "block" },
};

test("a whole answer is shown after its webhook has seen it redacted, and withheld when that flags it", async () => {
  const fine = setUp("redact", openAiChat, [webhook]);
  fine.answer(chat("I am jane@example.com"));
  assert.deepEqual(fine.log, []);
  await fine.client.settled;
  assert.deepEqual([fine.log, fine.asked], [[chat("I am [email]")], ["I am [email]"]]);
  const flagged = setUp("redact", openAiChat, [webhook]);
  flagged.answer(chat("war"));
  await flagged.client.settled;
  assert.deepEqual(flagged.log, []);
  assert.match(flagged.client.blockedBy?.publicMessage ?? "", /mod \(webhook\)/);
});

test("a stream waits until it is whole and its webhook has seen all of it", async () => {
  const { client, stream, log, asked } = setUp("redact", openAiChat, [webhook]);
  stream(chunk("I am jane@exam"));
  stream(chunk("ple.com"));
  client.endStream();
  assert.deepEqual(log, []);
  await client.settled;
  assert.deepEqual(asked, ["I am [email]"]);
  assert.deepEqual([log.length, log.at(-1)], [2, "end"]);
  const flagged = setUp("redact", openAiChat, [webhook]);
  flagged.stream(chunk("w"));
  flagged.stream(chunk("ar"));
  flagged.client.endStream();
  await flagged.client.settled;
  assert.deepEqual([flagged.log, flagged.client.blockedBy?.code], [[], "content_filtered"]);
});

test("a stream too long to wait is what the filter makes of it", () => {
  const { client, stream, log } = setUp("redact", openAiChat, [webhook]);
  const piece = "word ".repeat(200_000);
  for (let at = 0; at < 10; at += 1) stream(chunk(piece));
  assert.deepEqual(log, []);
  assert.match(client.blockedBy?.publicMessage ?? "", /mod \(unchecked\)/);
  const open = { ...webhook, unchecked: { ...webhook.unchecked, action: "flag" as const } };
  const other = setUp("redact", openAiChat, [open]);
  for (let at = 0; at < 10; at += 1) other.stream(chunk(piece));
  assert.ok(other.log.length > 0);
});
