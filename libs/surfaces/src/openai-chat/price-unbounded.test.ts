import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readChatRequest } from "./request.ts";

function isUnbounded(fields: object): boolean {
  const body = { model: "m", messages: [{ role: "user", content: "x" }], ...fields };
  return readChatRequest(Buffer.from(JSON.stringify(body))).isPriceUnbounded;
}

const said = (part: object): object => ({ messages: [{ role: "user", content: [part] }] });
const functionTool = { type: "function", function: { name: "f", parameters: { type: "object" } } };

describe("isPriceUnbounded", () => {
  for (const fields of [
    {},
    { service_tier: null, web_search_options: null, modalities: null, audio: null, plugins: null, tools: null },
    { service_tier: "default" },
    { service_tier: "flex" },
    { modalities: ["text"] },
    { tools: [functionTool, { type: "custom", custom: { name: "c" } }] },
    said({ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }),
    { messages: [{ role: "user", content: "service_tier priority, input_audio, web_search" }] },
    { messages: [{ role: "assistant", content: "x", audio: null }] },
  ]) {
    it(`is false for ${JSON.stringify(fields)}`, () => assert.equal(isUnbounded(fields), false));
  }

  for (const fields of [
    { service_tier: "priority" },
    { service_tier: "auto" },
    { service_tier: "scale" },
    { service_tier: 7 },
    { web_search_options: {} },
    { search_parameters: { mode: "auto" } },
    { plugins: [{ id: "web" }] },
    { modalities: ["text", "audio"] },
    { modalities: ["image"] },
    { modalities: "audio" },
    { audio: { voice: "alloy", format: "wav" } },
    said({ type: "input_audio", input_audio: { data: "AA", format: "wav" } }),
    said({ type: "audio_url", audio_url: { url: "https://example.com/a.wav" } }),
    { messages: [{ role: "assistant", audio: { id: "audio_1" } }] },
    { tools: [functionTool, { type: "web_search" }] },
    { tools: [{ type: "code_interpreter" }] },
    { tools: [{ google_search: {} }] },
    { tools: ["web_search"] },
  ]) {
    it(`is true for ${JSON.stringify(fields)}`, () => assert.equal(isUnbounded(fields), true));
  }
});
