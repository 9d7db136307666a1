import assert from "node:assert/strict";
import { test } from "node:test";
import { WaybillError } from "@waybill/domain";
import { readResponsesRequest } from "./request.ts";

const read = (fields: object) =>
  readResponsesRequest(Buffer.from(JSON.stringify({ model: "m", input: "hi", ...fields })));
const refused = (fields: object): WaybillError => {
  try {
    read(fields);
  } catch (error) {
    assert.ok(error instanceof WaybillError);
    assert.equal(error.code, "invalid_value");
    return error;
  }
  return assert.fail(`${JSON.stringify(fields)} was taken`);
};
const tool = { type: "function", name: "f", parameters: {} };

test("what the gateway needs is read", () => {
  const asked = read({
    ...{ stream: true, max_output_tokens: 30, tools: [tool], metadata: { team: "a" }, user: "u" },
    text: { format: { type: "json_schema", name: "n", schema: {} } },
  });
  const { surface, stream, wantsUsage, maxOutputTokens, choiceCount, hasTools, hasJsonSchema, endUserId } = asked;
  assert.deepEqual(
    [surface, stream, wantsUsage, maxOutputTokens, choiceCount, hasTools, hasJsonSchema, endUserId],
    ["openai-responses", true, true, 30, 1, true, true, "u"],
  );
  assert.equal(asked.metadata.team, "a");
  assert.equal(read({ user: "u", safety_identifier: "s" }).endUserId, "s");
  const { max_output_tokens: none } = { max_output_tokens: null };
  assert.equal(read({ max_output_tokens: none }).maxOutputTokens, 0);
});

test("what would need a kept response is refused by its name, and nothing like it that says nothing", () => {
  for (const [fields, param] of [
    [{ previous_response_id: "resp_1" }, "previous_response_id"],
    [{ conversation: "conv_1" }, "conversation"],
    [{ conversation: { id: "conv_1" } }, "conversation"],
    [{ background: true }, "background"],
    [
      {
        input: [
          { role: "user", content: "hi" },
          { type: "item_reference", id: "msg_1" },
        ],
      },
      "input[1]",
    ],
    [{ input: [{ id: "msg_1" }] }, "input[0]"],
  ] as const) {
    const error = refused(fields);
    assert.equal(error.param, param);
    assert.match(error.publicMessage, /Waybill keeps no responses/);
  }
  const empty = { previous_response_id: null, conversation: null, background: false };
  assert.equal(read({ ...empty, store: true }).model, "m");
});

test("fields of a wrong type are refused by name", () => {
  for (const [fields, param] of [
    [{ input: undefined }, "input"],
    [{ input: [] }, "input"],
    [{ input: 7 }, "input"],
    [{ input: ["hi"] }, "input[0]"],
    [{ instructions: [] }, "instructions"],
    [{ tools: {} }, "tools"],
    [{ text: "json" }, "text"],
    [{ max_output_tokens: 0 }, "max_output_tokens"],
    [{ background: "yes" }, "background"],
    [{ metadata: { a: 1 } }, "metadata.a"],
  ] as const) {
    assert.equal(refused(fields).param, param, JSON.stringify(fields));
  }
});

test("instructions, items and tools are measured; pictures are not measured by their bytes", () => {
  const small = read({}).size;
  assert.deepEqual([small.partCount, small.hasImages, small.hasUnseenInput], [1, false, false]);
  assert.ok(read({ instructions: "x".repeat(400) }).size.estimatedTokens >= small.estimatedTokens + 100);
  assert.ok(read({ instructions: "x".repeat(400) }).size.textBytes >= small.textBytes + 400);
  const content = (part: object) => ({ input: [{ role: "user", content: [part] }] });
  const inline = read(content({ type: "input_image", image_url: `data:image/png;base64,${"A".repeat(40_000)}` })).size;
  assert.deepEqual([inline.hasImages, inline.hasUnseenInput], [true, false]);
  assert.ok(inline.estimatedTokens < 2_000);
  for (const part of [
    { type: "input_image", image_url: "https://x/a.png" },
    { type: "input_image", file_id: "file_1" },
    { type: "input_file", file_data: "data:application/pdf;base64,AA" },
  ]) {
    assert.equal(read(content(part)).size.hasUnseenInput, true, JSON.stringify(part));
  }
  const audio = read(content({ type: "input_audio", input_audio: { data: "AA", format: "wav" } }));
  assert.deepEqual([audio.size.hasAudio, audio.isPriceUnbounded], [true, true]);
});

test("a price that tokens do not bound is said so: tools of the provider, dearer tiers, stored prompts", () => {
  for (const type of ["function", "custom", "local_shell", "apply_patch"]) {
    assert.equal(read({ tools: [{ type, name: "f" }] }).isPriceUnbounded, false, type);
  }
  for (const type of [
    "web_search",
    "file_search",
    "computer_use_preview",
    "code_interpreter",
    "mcp",
    "image_generation",
    "next_year",
  ]) {
    assert.equal(read({ tools: [tool, { type }] }).isPriceUnbounded, true, type);
  }
  assert.equal(read({ service_tier: "flex" }).isPriceUnbounded, false);
  assert.equal(read({ service_tier: "priority" }).isPriceUnbounded, true);
  const prompted = read({ input: undefined, prompt: { id: "pmpt_1" } });
  assert.deepEqual([prompted.isPriceUnbounded, prompted.size.hasUnseenInput], [true, true]);
});
