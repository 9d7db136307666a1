import assert from "node:assert/strict";
import { test } from "node:test";
import { anthropicMessages } from "@waybill/surfaces";
import { Waybill } from "@waybill/wire";
import { writeChat } from "./write.ts";

/** What becomes of a Messages body. */
function written(fields: object): { body: Record<string, unknown>; dropped: readonly string[] } {
  const asked = { model: "m", max_tokens: 9, messages: [{ role: "user", content: "hi" }], ...fields };
  const conversation = anthropicMessages.translation?.readConversation(asked) ?? assert.fail();
  const { body, dropped } = writeChat(conversation, Waybill.create({ target: { upstreamModel: "m" } }));
  return { body: body as Record<string, unknown>, dropped };
}

const marked = { cache_control: { type: "ephemeral" } };

for (const [where, fields] of [
  ["the system", { system: [{ type: "text", text: "be kind", ...marked }] }],
  ["a tool", { tools: [{ name: "f", input_schema: { type: "object" }, ...marked }] }],
  ["a turn", { messages: [{ role: "user", content: [{ type: "text", text: "hi", ...marked }] }] }],
  [
    "a tool's result",
    {
      messages: [
        { role: "assistant", content: [{ type: "tool_use", id: "t", name: "f", input: {} }] },
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "7", ...marked }] }],
        },
      ],
    },
  ],
] as const) {
  test(`a cache mark at ${where} is left out and named`, () => {
    const { body, dropped } = written(fields);
    assert.deepEqual(dropped, ["cache_control"]);
    assert.ok(!JSON.stringify(body).includes("ephemeral"));
  });
}

test("nothing is named where nothing is left out", () => {
  assert.deepEqual(written({ system: "be kind", metadata: { user_id: "u" } }).dropped, []);
});

test("an end user's name goes along up to the 64 characters that OpenAI takes", () => {
  const user = (name: string) => written({ metadata: { user_id: name } }).body.user;
  assert.equal(user("u".repeat(64)), "u".repeat(64));
  assert.equal(user("u".repeat(65)), undefined);
});
