import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import type { AnswerHead, Client } from "../ports.ts";
import { DefaultedClient } from "./defaulted-client.ts";

test("every head says the default that holds, and what has no head is left as it is", () => {
  const heads: unknown[] = [];
  const behind: Partial<Client> = {
    answer: (head) => void heads.push(head),
    stream: (head) => void heads.push(head),
    fail: (_, head) => void heads.push(head),
  };
  const client = new DefaultedClient(behind as Client, 256);
  const head = { model: "m" } as AnswerHead;
  client.answer(head, 200, "text/plain", [], "");
  client.stream(head, Buffer.from(""));
  client.fail(new WaybillError("draining"), head);
  client.fail(new WaybillError("draining"));
  const told = { model: "m", maxOutputTokensDefault: 256 };
  assert.deepEqual(heads, [told, told, told, undefined]);
  assert.deepEqual(head, { model: "m" });
});
