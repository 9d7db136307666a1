// Counted once, where the router asks for it, and known to every attempt that follows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DecideRequest, type DecideResponse, Decision, Features } from "@waybill/wire";
import { countFirst } from "./count-first.ts";

const decided: DecideResponse = { outcome: { $case: "decision", value: Decision.create({}) } };
const wantsCount: DecideResponse = { outcome: { $case: "countInput", value: { tokenizer: "o200k_base" } } };
const request = DecideRequest.fromPartial({ requestId: "r", features: Features.create({}) });
const asked = { body: Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "two words" }] })) };

test("what the router decides at once is not counted", async () => {
  const counted = await countFirst(
    request,
    asked,
    () => assert.fail(),
    async () => decided,
  );
  assert.deepEqual([counted.response, counted.request], [decided, request]);
});

test("where it asks for a count, it is asked again with it", async () => {
  const seen: [string, readonly string[]][] = [];
  const requests: DecideRequest[] = [];
  const counted = await countFirst(
    request,
    asked,
    async (tokenizer, texts) => {
      seen.push([tokenizer, texts]);
      return 2;
    },
    async (as) => (requests.push(as) === 1 ? wantsCount : decided),
  );
  assert.deepEqual(seen, [["o200k_base", ["two words"]]]);
  assert.deepEqual(
    [requests[1]?.features?.exactInputTokens, requests[1]?.features?.exactTokenizer],
    [2n, "o200k_base"],
  );
  assert.equal(counted.request, requests[1]);
  assert.equal(counted.response, decided);
});

test("what could not be counted is said so, and not asked for again", async () => {
  const requests: DecideRequest[] = [];
  await countFirst(
    request,
    asked,
    async () => undefined,
    async (as) => (requests.push(as) === 1 ? wantsCount : decided),
  );
  assert.deepEqual([requests[1]?.features?.exactInputTokens, requests[1]?.features?.exactTokenizer], [0n, "-"]);
});
