import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileFilter, type FilterAction, type FilterDefinition, type Found, scanText } from "@waybill/filters";
import { type AnswerEvent, SURFACES, type Surface, surfaceNamed } from "@waybill/surfaces";
import fc from "fast-check";
import type { FilterSet } from "./content-filters.ts";
import { FilterStream } from "./filter-stream.ts";

const ALL: FilterDefinition = {
  ...{ id: "all", where: ["output"], action: "redact", always: true, onError: "closed", replacement: "" },
  ...{ pii: ["email", "credit_card", "phone", "iban"], secrets: true, keywords: ["acme"], pattern: "x{2,4}y" },
};

function setOf(action: FilterAction): FilterSet {
  const { rules } = compileFilter({ ...ALL, action });
  return {
    rules,
    unchecked: [{ filter: "all", kind: "unchecked", action: "block" }],
    unready: [],
    webhooks: [],
    identity: [],
  };
}

interface Said {
  text: string;
  reasoning: string;
  json: string;
}

/** Events of a surface as its own writer makes them, the texts in pieces. */
function streamOf(surface: Surface, said: Said, pieceUnits: number): string {
  const writer = surface.translation?.writeStream({ attemptId: "a", model: "m", createdUnixSeconds: 1 });
  assert.ok(writer);
  const events: AnswerEvent[] = [{ kind: "begin", id: "i", model: "m" }];
  const pieces = (text: string): string[] => text.match(new RegExp(`.{1,${pieceUnits}}`, "gsu")) ?? [];
  for (const text of pieces(said.reasoning)) events.push({ kind: "reasoning", choice: 0, text });
  for (const text of pieces(said.text)) events.push({ kind: "text", choice: 0, text });
  events.push({ kind: "tool_call", choice: 0, call: 0, id: "c", name: "pay" });
  for (const json of pieces(said.json)) events.push({ kind: "tool_arguments", choice: 0, call: 0, json });
  events.push({ kind: "finish", choice: 0, reason: "tool_calls", stopSequence: "" });
  return events.map((event) => writer.write(event)).join("") + writer.end(undefined);
}

/** What a client makes of a stream. */
const READERS: Record<string, (event: never, said: Said) => void> = {
  "openai-chat"(event: { choices?: { delta: Record<string, never> }[] }, said) {
    for (const { delta } of event.choices ?? []) {
      said.text += delta.content ?? "";
      said.reasoning += delta.reasoning_content ?? "";
      for (const call of (delta.tool_calls ?? []) as { function: { arguments: string } }[])
        said.json += call.function.arguments;
    }
  },
  "openai-completions"(event: { choices?: { text: string }[] }, said) {
    for (const { text } of event.choices ?? []) said.text += text;
  },
  "openai-responses"(event: { type: string; delta?: string; response?: { output?: Record<string, never>[] } }, said) {
    const { type, delta = "" } = event;
    if (type === "response.output_text.delta") said.text += delta;
    if (type === "response.reasoning_summary_text.delta") said.reasoning += delta;
    if (type === "response.function_call_arguments.delta") said.json += delta;
    if (type !== "response.completed") return;
    // What it says as a whole is the same.
    const whole = JSON.stringify(event.response?.output);
    for (const text of [said.text, said.reasoning, said.json]) {
      assert.ok(whole.includes(JSON.stringify(text).slice(1, -1)), `${text} is not in ${whole}`);
    }
  },
  "anthropic-messages"(event: { delta?: Record<string, string> }, said) {
    said.text += event.delta?.text ?? "";
    said.reasoning += event.delta?.thinking ?? "";
    said.json += event.delta?.partial_json ?? "";
  },
};

function readBack(surface: Surface, stream: string): Said {
  const said = { text: "", reasoning: "", json: "" };
  for (const [, data = ""] of stream.matchAll(/^data: (\{.*)$/gm))
    READERS[surface.name]?.(JSON.parse(data) as never, said);
  return said;
}

/** The stream through the filters, its bytes cut at every `bytes`. */
function through(surface: Surface, stream: string, bytes: number, filters: FilterSet) {
  assert.ok(surface.answerTexts);
  const found: Found[] = [];
  const filter = new FilterStream(surface.answerTexts, filters, (one) => found.push(one));
  const shown: Uint8Array[] = [];
  const whole = Buffer.from(stream);
  for (let at = 0; at < whole.length; at += bytes) shown.push(filter.push(whole.subarray(at, at + bytes)));
  shown.push(filter.end());
  return {
    shown: Buffer.concat(shown).toString(),
    isBlocked: filter.isBlocked,
    kinds: found.map(({ kind }) => kind).sort(),
  };
}

const words = fc.constantFrom(
  ..."jane.doe@example.com|4242 4242 4242 4242|4242424242424242|+1 415 555 2671|acme|DE89370400440532013000|xxy".split(
    "|",
  ),
  ..."ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|@|4242|xx|y| | |. |\n|the parcel|\u{1f600}|ä".split("|"),
);
const texts = fc.array(words, { maxLength: 12 }).map((parts) => parts.join(""));
const saids = fc.record({
  text: texts,
  reasoning: texts,
  json: fc
    .array(fc.oneof(texts, fc.constantFrom(4242424242424242, 7)), { maxLength: 4 })
    .map((list) => JSON.stringify(list)),
});

/** What a surface has no place for is not said. */
const sayable = (surface: Surface, said: Said): Said =>
  surface.name === "openai-completions" ? { ...said, reasoning: "", json: "" } : said;
const ENDS: Readonly<Record<string, RegExp>> = {
  "anthropic-messages": /"message_stop"\}\n\n$/,
  "openai-responses": /"type":"response\.completed".*\n\n$/,
};

for (const surface of SURFACES.filter(({ answerTexts }) => answerTexts)) {
  describe(`a stream of ${surface.name}`, () => {
    it("says what the filtered whole says, however its texts and bytes are cut", () => {
      const filters = setOf("redact");
      const { rules } = filters;
      fc.assert(
        fc.property(saids, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 700 }), (any, units, bytes) => {
          const said = sayable(surface, any);
          const { shown, isBlocked, kinds } = through(surface, streamOf(surface, said, units), bytes, filters);
          const expected: string[] = [];
          const onFound = ({ kind }: Found): void => void expected.push(kind);
          const of = (text: string, isJson = false): string => scanText(text, { rules, isJson, onFound }) ?? "";
          assert.equal(isBlocked, false);
          const whole = { text: of(said.text), reasoning: of(said.reasoning), json: of(said.json, true) };
          assert.deepEqual(readBack(surface, shown), whole);
          assert.deepEqual(kinds, expected.sort());
          if (whole.json !== "") JSON.parse(whole.json);
        }),
        { numRuns: 300 },
      );
    });

    it("is blocked when any of its texts is, and shows nothing of the finding", () => {
      const filters = setOf("block");
      fc.assert(
        fc.property(saids, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 700 }), (any, units, bytes) => {
          const said = sayable(surface, any);
          const { shown, isBlocked } = through(surface, streamOf(surface, said, units), bytes, filters);
          const wholes = [scanText(said.text, { rules: filters.rules, onFound: () => {} })];
          wholes.push(scanText(said.reasoning, { rules: filters.rules, onFound: () => {} }));
          wholes.push(scanText(said.json, { rules: filters.rules, isJson: true, onFound: () => {} }));
          assert.equal(isBlocked, wholes.includes(undefined));
          const back = readBack(surface, shown);
          assert.ok(said.text.startsWith(back.text) && said.reasoning.startsWith(back.reasoning));
        }),
        { numRuns: 200 },
      );
    });

    it("passes byte for byte where filters only look", () => {
      const said = sayable(surface, { text: "I am jane@example.com", reasoning: "acme", json: "[]" });
      const stream = streamOf(surface, said, 3);
      const { shown, kinds } = through(surface, stream, 11, setOf("flag"));
      assert.equal(shown, stream);
      assert.deepEqual(kinds, said.reasoning === "" ? ["email"] : ["email", "keyword"]);
    });

    it("ends with its end: what was held back comes before", () => {
      const said = sayable(surface, { text: "so be it", reasoning: "hm", json: "[1]" });
      const { shown } = through(surface, streamOf(surface, said, 2), 50, setOf("redact"));
      assert.match(shown, ENDS[surface.name] ?? /data: \[DONE\]\n\n$/);
      assert.deepEqual(readBack(surface, shown), said);
    });

    it("is blocked by an event that cannot be read", () => {
      assert.equal(through(surface, 'data: {"choices":\n\n', 100, setOf("redact")).isBlocked, true);
    });
  });
}

it("token log probabilities, which say the text once more, are taken out of a chat stream", () => {
  const chat = surfaceNamed("openai-chat");
  assert.ok(chat);
  const choice = { index: 0, delta: { content: "hi" }, logprobs: { content: [{ token: "hi" }] }, finish_reason: null };
  const { shown } = through(chat, `data: ${JSON.stringify({ choices: [choice] })}\n\n`, 100, setOf("redact"));
  assert.match(shown, /"logprobs":null/);
  assert.equal(readBack(chat, shown).text, "hi");
});
