// Every surface tells every error of the catalogue in its own words, whole, inside a stream and with nothing that is not for
// clients. A surface that is new has to say which words are its own.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ERRORS, type ErrorCode, WaybillError } from "@waybill/domain";
import { SseSplitter } from "./sse/sse-events.ts";
import type { SurfaceName } from "./surface-name.ts";
import { SURFACES } from "./surfaces.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];
const REQUEST_ID = "01a21b91-cca3-797b-a7d8-8ce58306bf48";
const DETAIL = "nats://10.0.0.7:4222 of tenant b";
/** What says in any dialect that a stream is whole. */
const END_MARKS = ["[DONE]", "message_stop", "response.completed"];

/** As @anthropic-ai/sdk 1.12.0 knows them. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  503: "overloaded_error",
  504: "timeout_error",
};

interface Form {
  /** Throws where the body is not an error of this API. */
  check(body: Record<string, unknown>, error: WaybillError): void;
  /** The `event:` of an error in a stream. */
  event: string;
}

const OPENAI: Form = {
  check({ error: said, ...more }, { code, param, publicMessage, entry }) {
    assert.deepEqual(said, { message: publicMessage, type: entry.type, param: param ?? null, code });
    assert.deepEqual(more, {});
  },
  event: "",
};

const ANTHROPIC: Form = {
  check({ error: said, ...more }, { code, publicMessage, param, entry }) {
    const { type, message, details, ...rest } = said as Record<string, unknown>;
    assert.deepEqual([rest, more], [{}, { type: "error", request_id: REQUEST_ID }]);
    assert.deepEqual(details, { error_code: code });
    assert.ok(String(message).endsWith(publicMessage) && (param === undefined || String(message).includes(param)));
    const known = ANTHROPIC_TYPES[entry.httpStatus];
    if (known !== undefined) assert.equal(type, known);
    else assert.match(String(type), /^[a-z]+(_[a-z]+)*_error$|^request_too_large$/);
  },
  event: "error",
};

/** Whole as anywhere at OpenAI; in a stream it is a response that failed, with the error at its top as well. */
const RESPONSES: Form = {
  check({ response, error: said, type, sequence_number, ...more }, error) {
    OPENAI.check({ error: said }, error);
    assert.deepEqual(more, {});
    if (type === undefined) return;
    assert.deepEqual([type, sequence_number], ["response.failed", 0]);
    const { status, error: inner } = response as Record<string, unknown>;
    assert.deepEqual([status, inner], ["failed", { code: error.code, message: error.publicMessage }]);
  },
  event: "response.failed",
};

const FORMS: Readonly<Partial<Record<SurfaceName, Form>>> = {
  "openai-chat": OPENAI,
  "openai-completions": OPENAI,
  "openai-embeddings": OPENAI,
  "openai-responses": RESPONSES,
  "anthropic-messages": ANTHROPIC,
};

for (const surface of SURFACES) {
  describe(`errors of ${surface.name}`, () => {
    const form = FORMS[surface.name] ?? assert.fail(`say in this test which words ${surface.name} has for errors`);
    for (const code of CODES) {
      it(`${code}: whole, and in a stream`, () => {
        for (const more of [{}, { param: "messages[0]" }, { publicMessage: "Another sentence.\n\ndata: [DONE]\n\n" }]) {
          const error = new WaybillError(code, { ...more, detail: DETAIL, cause: new Error(DETAIL) });
          const body = surface.errorBody(error, REQUEST_ID);
          form.check(JSON.parse(body) as Record<string, unknown>, error);
          const event = surface.errorEvent(error, REQUEST_ID);
          const [only, ...others] = eventsOf(event);
          assert.deepEqual(others, [], "one event, whatever it says");
          assert.ok(only);
          form.check(JSON.parse(only.data) as Record<string, unknown>, error);
          assert.equal(only.event, form.event);
          assert.ok(!END_MARKS.includes(only.data) && !END_MARKS.includes(only.event));
          for (const text of [body, event]) assert.ok(!text.includes("10.0.0.7") && !text.includes("tenant b"));
        }
      });
    }
  });
}

function eventsOf(text: string): { event: string; data: string }[] {
  const events = new SseSplitter(1_000_000).push(Buffer.from(text));
  return events.map(({ raw, data }) => ({
    event: /^event: (.*)$/m.exec(Buffer.from(raw).toString())?.[1] ?? "",
    data: Buffer.from(data ?? []).toString(),
  }));
}
