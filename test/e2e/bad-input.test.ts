// Whatever a client sends: a clear error in OpenAI's shape with the field named, an id, nothing called and nothing charged.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { ask } from "../stack/ask.ts";
import { budgetBalance } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
before(async () => {
  stack = await startStack({ env: { ingress: { WAYBILL_BODY_BYTES_MAX: "1048576" } } });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

interface ErrorAnswer {
  error: { message: string; type: string; param: string | null; code: string };
}

/** Every error has OpenAI's shape and an id. */
async function errorOf(response: Response): Promise<ErrorAnswer["error"]> {
  const { error } = (await response.json()) as ErrorAnswer;
  assert.deepEqual(Object.keys(error).sort(), ["code", "message", "param", "type"]);
  assert.match(response.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  return error;
}

async function post(body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await fetch(`${stack.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${stack.keys.support_1}`,
      "content-type": "application/json",
      ...headers,
    },
    body,
  });
  const error = await errorOf(response);
  return { status: response.status, code: error.code, param: error.param, message: error.message };
}
const messages = '"messages":[{"role":"user","content":"hi"}]';
const MODEL = '"model":"scripted/scripted-1"';

describe("bad input", () => {
  const table: [string, string | Buffer, number, string, string | null][] = [
    ["no JSON", "{not json", 400, "invalid_json", null],
    ["an empty body", "", 400, "invalid_json", null],
    ["an array", "[]", 400, "invalid_json", null],
    [
      "invalid UTF-8",
      Buffer.concat([Buffer.from(`{${MODEL},${messages},"x":"`), Buffer.from([0xff]), Buffer.from('"}')]),
      400,
      "invalid_json",
      null,
    ],
    ["a doubled model", `{${MODEL},${messages},"model":"sim/premium"}`, 400, "invalid_value", "model"],
    ["__proto__", `{${MODEL},${messages},"__proto__":{"admin":true}}`, 400, "invalid_value", "__proto__"],
    ["absurd depth", `{${MODEL},${messages},"x":${"[".repeat(5_000)}${"]".repeat(5_000)}}`, 400, "invalid_value", "x"],
    ["a number as model", `{"model":1,${messages}}`, 400, "invalid_value", "model"],
    ["messages of the wrong type", `{${MODEL},"messages":"hi"}`, 400, "invalid_value", "messages"],
    ["max_tokens as text", `{${MODEL},${messages},"max_tokens":"5"}`, 400, "invalid_value", "max_tokens"],
    ["an unknown model", `{"model":"nobody/nothing",${messages}}`, 404, "model_not_found", "model"],
    ["an unknown route", `{"model":"dynamic/nothing",${messages}}`, 404, "model_not_found", "model"],
    ["a body that is too large", `{${MODEL},${messages},"x":"${"a".repeat(1_100_000)}"}`, 413, "body_too_large", null],
  ];
  for (const [what, body, status, code, param] of table) {
    it(`answers ${status} ${code} to ${what}`, async () => {
      const answer = await post(body);
      assert.deepEqual({ status: answer.status, code: answer.code, param: answer.param }, { status, code, param });
    });
  }

  it("answers 415, 404 and 405 in the same shape", async () => {
    assert.equal((await post("{}", { "content-type": "text/plain" })).status, 415);
    const nothing = await fetch(`${stack.url}/v1/nothing`);
    assert.equal(nothing.status, 404);
    assert.equal((await errorOf(nothing)).code, "not_found");
    const wrong = await fetch(`${stack.url}/v1/chat/completions`);
    assert.equal(wrong.status, 405);
    assert.match((await errorOf(wrong)).message, /POST/);
  });

  it("answers 431 to a head that is too large", async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(stack.url).port), "127.0.0.1", () => {
        socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-long: ${"a".repeat(20_000)}\r\n\r\n`);
      });
      let text = "";
      socket.on("data", (data) => {
        text += data.toString();
      });
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
    assert.match(answer, /^HTTP\/1\.1 431 /);
    assert.match(answer, /headers_too_large/);
    assert.match(answer, /^x-request-id: [0-9a-f-]{36}\r$/m);
  });

  it("refuses a missing, a wrong and a malformed key with 401, without saying which part is wrong", async () => {
    const right = stack.keys.support_1 ?? "";
    const wrongSecret = `${right.slice(0, -4)}AAAA`;
    for (const key of ["", "sk-openai", wrongSecret, "wb_nosuchkey_0123456789abcdef0123"]) {
      const response = await ask(stack, { key });
      assert.equal(response.status, 401, key);
      const error = await errorOf(response);
      assert.equal(error.code, "invalid_api_key");
      assert.ok(!JSON.stringify(error).includes(right.slice(-10)));
    }
    assert.equal((await fetch(`${stack.url}/v1/models`)).status, 401);
  });

  it("refuses an expired key", async () => {
    await stack.sql("UPDATE accounts.virtual_key SET expires_at = now() - interval '1 second' WHERE key_id = $1", [
      stack.keys.support_2?.split("_")[1],
    ]);
    const response = await ask(stack, { key: stack.keys.support_2 });
    assert.equal(response.status, 401);
    assert.match((await errorOf(response)).message, /expired/);
  });

  it("called no provider and charged nothing for any of this", async () => {
    assert.deepEqual(stack.provider.log.entries(), []);
    assert.deepEqual(await stack.sql("SELECT * FROM ledger.entry"), []);
    const { posted, held } = await budgetBalance(stack);
    assert.equal(posted + held, 0n);
  });
});
