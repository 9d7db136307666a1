import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Waybill } from "@waybill/wire";
import type { Exchange } from "../providers/provider.ts";
import { withoutFields } from "./without-fields.ts";

/** Sends the client's bytes as they are. */
const passing: Exchange = {
  request: (_waybill, body) => ({ path: "/x", body, headers: [], droppedFields: ["seed"] }),
  readStream: () => assert.fail(),
  readAnswer: () => assert.fail(),
  readRefusal: () => assert.fail(),
  abortedCall: () => undefined,
};
const send = (text: string, refused: string[], unnamed: string[] = []) => {
  const { body, droppedFields } = withoutFields(passing, refused, unnamed).request(
    Waybill.create({}),
    Buffer.from(text),
  );
  return { body: Buffer.from(body).toString(), droppedFields };
};

describe("withoutFields()", () => {
  it("takes out what is refused and leaves every other byte", () => {
    const { body, droppedFields } = send('{ "a":1.50, "user":"ü", "b":[1e3], "store":true }', ["user", "store", "n"]);
    assert.equal(body, '{ "a":1.50, "b":[1e3] }');
    assert.deepEqual(droppedFields, ["seed", "user", "store"]);
  });

  it("does not name what the client did not ask for", () => {
    const { body, droppedFields } = send('{"stream_options":{"include_usage":true},"a":1}', [], ["stream_options"]);
    assert.deepEqual([body, droppedFields], ['{"a":1}', ["seed"]]);
  });

  it("looks at the top of the body only", () => {
    for (const text of ['{"messages":[{"user":"\\"user\\""}]}', '{"messages":[{"role":"user"}]}']) {
      assert.deepEqual(send(text, ["user"]), { body: text, droppedFields: ["seed"] });
    }
    assert.equal(send('{"role":"user","user" \n: 1}', ["user"]).body, '{"role":"user"}');
  });

  it("says a limit by its older name, so that it is never lost", () => {
    const limit = ["max_completion_tokens"];
    assert.deepEqual(send('{"a":1,"max_completion_tokens":7}', limit), {
      ...{ body: '{"max_tokens":7,"a":1}', droppedFields: ["seed"] },
    });
    assert.equal(send('{"max_completion_tokens":7}', limit).body, '{"max_tokens":7}');
    assert.equal(send('{"max_completion_tokens":7,"max_tokens":7}', limit).body, '{"max_tokens":7}');
    assert.equal(send('{"max_completion_tokens":7,"max_tokens":null}', limit).body, '{"max_tokens":7}');
    assert.equal(send('{"max_tokens":70,"max_completion_tokens":7}', limit).body, '{"max_tokens":7}');
    assert.equal(send('{"max_completion_tokens":null,"max_tokens":7}', limit).body, '{"max_tokens":7}');
  });

  it("is the exchange itself where nothing is refused", () => {
    assert.equal(withoutFields(passing, [], []), passing);
  });
});
