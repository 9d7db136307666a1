import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import type { AnswerHead, Client, GoneReason } from "../ports.ts";
import { PassingClient } from "./passing-client.ts";

test("everything reaches the client behind, and what that knows comes back", () => {
  const told: unknown[] = [];
  const tell =
    (name: string) =>
    (...values: unknown[]): void =>
      void told.push([name, ...values]);
  const behind = { isGone: true, hasContent: true } as Record<string, unknown>;
  const names = ["rename", "onGone", "answer", "stream", "endStream", "fail"];
  for (const name of names) behind[name] = tell(name);
  const client = new (class extends PassingClient {})(behind as unknown as Client);
  const head = { model: "m" } as AnswerHead;
  const error = new WaybillError("draining");
  const listener = (_: GoneReason): void => {};
  const bytes = Buffer.from("x");
  client.rename("r");
  client.onGone(listener);
  client.answer(head, 200, "text/plain", [bytes], "1");
  client.stream(head, bytes);
  client.endStream();
  client.fail(error, head);
  assert.deepEqual([client.isGone, client.hasContent], [true, true]);
  assert.deepEqual(told, [
    ["rename", "r"],
    ["onGone", listener],
    ["answer", head, 200, "text/plain", [bytes], "1"],
    ["stream", head, bytes],
    ["endStream"],
    ["fail", error, head],
  ]);
});
