// Connections that mean no good, against a running ingress and a running console: requests hidden in others, heads and bodies that
// drip. One request has one answer, what is hidden is never served, and who is slow is told so and let go.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { dial, exchange, head } from "../stack/raw-http.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { type ErrorForm, refusalOf } from "./every-route/refusals.ts";

const RECEIVE_TIMEOUT_MS = 2_000;
/** Timeouts are looked for once a second. */
const NOTICED_MS = RECEIVE_TIMEOUT_MS + 1_500;
const DRIP_MS = 100;
const SLOW_CLIENTS = 200;

let stack: TestStack;
before(async () => {
  const quick = { WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: String(RECEIVE_TIMEOUT_MS) };
  stack = await startStack({ replicas: { console: 1 }, env: { ingress: quick, console: quick } });
});
after(() => stack[Symbol.asyncDispose]());

interface Door {
  url(): string;
  /** A path that takes a POST, and the headers that open it. */
  path: string;
  headers(): Record<string, string>;
  body: string;
  form: ErrorForm;
  /** A whole request that would change something if it were ever served. */
  hidden(): string;
}

const json = { "content-type": "application/json" };
const CHAT = JSON.stringify({ model: "scripted/scripted-1", messages: [{ role: "user", content: "hidden" }] });

const ingress: Door = {
  url: () => stack.url,
  path: "/v1/chat/completions",
  headers: () => ({ ...json, authorization: `Bearer ${stack.keys.support_1}` }),
  // A model that is not there: whole or not, it is never called.
  body: JSON.stringify({ model: "scripted/nobody", messages: [{ role: "user", content: "seen" }] }),
  form: "openai",
  hidden: () =>
    head("POST", "/v1/chat/completions", { ...ingress.headers(), "content-length": Buffer.byteLength(CHAT) }) + CHAT,
};
const administration: Door = {
  url: () => stack.adminUrl,
  path: "/api/v1/routes/check",
  headers: () => ({ ...json, authorization: `Bearer ${stack.keys.admin}` }),
  body: JSON.stringify({ document: 1 }),
  form: "waybill",
  hidden: () => head("DELETE", "/api/v1/aliases/better", { authorization: `Bearer ${stack.keys.admin}` }),
};

const hex = (text: string): string => Buffer.byteLength(text).toString(16);
const chunk = (text: string, size = hex(text)): string => `${size}\r\n${text}\r\n`;
const END = "0\r\n\r\n";

/** The head of the outer request with further lines as they are. */
function outer({ path, headers }: Door, ...lines: string[]): string {
  return head("POST", path, headers()).replace(/\r\n\r\n$/, `\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`);
}

/** What is sent; the hidden request stands where a careless reader would take it for the next one. */
const SMUGGLED: Readonly<Record<string, (door: Door, hidden: string) => string>> = {
  "a length and chunks": (door, hidden) =>
    `${outer(door, `content-length: ${Buffer.byteLength(END + hidden)}`, "transfer-encoding: chunked")}${END}${hidden}`,
  "chunks and a length": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked", `content-length: ${Buffer.byteLength(END)}`)}${END}${hidden}`,
  "two lengths": (door, hidden) =>
    `${outer(door, `content-length: ${door.body.length}`, `content-length: ${(door.body + hidden).length}`)}${door.body}${hidden}`,
  "the same length twice": (door, hidden) =>
    `${outer(door, `content-length: ${door.body.length}`, `content-length: ${door.body.length}`)}${door.body}${hidden}`,
  "two lengths in one line": (door, hidden) =>
    `${outer(door, `content-length: ${door.body.length}, ${(door.body + hidden).length}`)}${door.body}${hidden}`,
  "a length with a sign": (door, hidden) =>
    `${outer(door, `content-length: +${door.body.length}`)}${door.body}${hidden}`,
  "a length below zero": (door, hidden) => `${outer(door, "content-length: -1")}${hidden}`,
  "a length in hexadecimal": (door, hidden) =>
    `${outer(door, `content-length: 0x${hex(door.body)}`)}${door.body}${hidden}`,
  "an empty length": (door, hidden) => `${outer(door, "content-length:")}${hidden}`,
  "a length beyond every number": (door, hidden) => `${outer(door, `content-length: ${"9".repeat(30)}`)}${hidden}`,
  "a folded line": (door, hidden) =>
    `${outer(door, "transfer-encoding:", " chunked", `content-length: ${(END + hidden).length}`)}${END}${hidden}`,
  "a folded length": (door, hidden) => `${outer(door, "x-a: b", ` content-length: ${hidden.length}`)}${hidden}`,
  "a space before the colon": (door, hidden) => `${outer(door, "transfer-encoding : chunked")}${END}${hidden}`,
  "a tab before the colon": (door, hidden) => `${outer(door, "content-length\t: 3")}${END}${hidden}`,
  "an encoding that nobody knows": (door, hidden) => `${outer(door, "transfer-encoding: xchunked")}${END}${hidden}`,
  "an encoding after chunks": (door, hidden) => `${outer(door, "transfer-encoding: chunked, identity")}${END}${hidden}`,
  "two encodings in two lines": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked", "transfer-encoding: cow")}${END}${hidden}`,
  "a chunk's size in another notation": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked")}${chunk(door.body, `0x${hex(door.body)}`)}${END}${hidden}`,
  "a chunk's size below zero": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked")}${chunk(door.body, "-1")}${END}${hidden}`,
  "a chunk's size beyond every number": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked")}${chunk(door.body, "f".repeat(20))}${END}${hidden}`,
  "a chunk that is longer than it says": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked")}${chunk(door.body, "5")}${END}${hidden}`,
  "a chunk's size with spaces": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked")}${chunk(door.body, `${hex(door.body)} 1`)}${END}${hidden}`,
  "a chunk that ends with a bare line feed": (door, hidden) =>
    `${outer(door, "transfer-encoding: chunked")}${hex(door.body)}\n${door.body}\n0\n\n${hidden}`,
  "a bare carriage return in a line": (door, hidden) =>
    `${outer(door, `x-a: b\rcontent-length: ${hidden.length}`)}${hidden}`,
  "a zero byte in a line": (door, hidden) => `${outer(door, "x-a: b\0c", "content-length: 0")}${hidden}`,
  "a name with a space": (door, hidden) => `${outer(door, "x a: b", "content-length: 0")}${hidden}`,
  "a line without a colon": (door, hidden) => `${outer(door, "nothing", "content-length: 0")}${hidden}`,
  "the beginning of HTTP/2": (_, hidden) => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`,
};

for (const [name, door] of [
  ["the ingress", ingress],
  ["the console", administration],
] as const) {
  describe(`a request hidden in another, at ${name}`, () => {
    for (const [what, write] of Object.entries(SMUGGLED)) {
      it(`${what}: one refusal, and the connection ends`, async () => {
        using line = dial(door.url());
        line.write(write(door, door.hidden()));
        const answers = await line.answersToTheEnd();
        assert.equal(answers.length, 1, line.text);
        const [refusal] = answers.map((answer) => refusalOf(answer, door.form));
        assert.match(refusal ?? "", /^(400 invalid_value|413 body_too_large)$/);
      });
    }

    it("behind a request without a version: one refusal at most, and the connection ends", async () => {
      using line = dial(door.url());
      line.write(`GET ${door.path}\r\n\r\n${door.hidden()}`);
      // What follows the only request of its connection is an error, which may come before the answer.
      const answers = await line.answersToTheEnd();
      assert.ok(answers.length <= 1, line.text);
      for (const answer of answers) assert.match(refusalOf(answer, door.form), /^(400|405) /);
    });

    it("as the body of a request that is refused: it is a body", async () => {
      using line = dial(door.url());
      const hidden = door.hidden();
      const wrong = { ...json, authorization: "Bearer wrong", "content-length": Buffer.byteLength(hidden) };
      line.write(head("POST", door.path, wrong) + hidden);
      assert.equal(refusalOf(await line.answer(), door.form), "401 invalid_api_key");
      line.write(head("GET", "/nothing", { ...door.headers(), connection: "close" }));
      const rest = await line.answersToTheEnd();
      assert.deepEqual(
        rest.map((answer) => refusalOf(answer, door.form)),
        ["404 not_found"],
      );
    });

    it("as the body of a request that takes none: it is a body", async () => {
      using line = dial(door.url());
      const hidden = door.hidden();
      const list = door === ingress ? "/v1/models" : "/api/v1/aliases";
      const length = { "content-length": Buffer.byteLength(hidden) };
      line.write(head("GET", list, { ...door.headers(), ...length }) + hidden);
      assert.equal((await line.answer()).status, 200);
      line.write(head("GET", "/nothing", { ...door.headers(), connection: "close" }));
      assert.deepEqual(
        (await line.answersToTheEnd()).map(({ status }) => status),
        [404],
      );
    });

    it("two requests in one packet are two requests, answered in their order", async () => {
      using line = dial(door.url());
      const { path, body } = door;
      const first = head("POST", path, { ...door.headers(), "content-length": body.length }) + body;
      line.write(first + head("GET", "/nothing", { ...door.headers(), connection: "close" }));
      const [one, two, ...more] = await line.answersToTheEnd();
      assert.equal(more.length, 0);
      assert.equal(refusalOf(two ?? assert.fail(), door.form), "404 not_found");
      assert.notEqual(one?.headers.get("x-request-id"), two?.headers.get("x-request-id"));
    });
  });

  describe(`what drips, at ${name}`, () => {
    /** Writes `first`, then single bytes of `rest`, until somebody closes. Returns what was said and how long that took. */
    async function drip(first: string, rest: string): Promise<{ said: string[]; tookMs: number }> {
      using line = dial(door.url());
      const startedMs = performance.now();
      line.write(first);
      let at = 0;
      const timer = setInterval(() => {
        if (!line.isClosed) line.write(rest[at++ % rest.length] ?? "");
      }, DRIP_MS);
      try {
        const answers = await line.answersToTheEnd(NOTICED_MS + 5_000);
        return {
          said: answers.map((answer) => refusalOf(answer, door.form)),
          tookMs: performance.now() - startedMs,
        };
      } finally {
        clearInterval(timer);
      }
    }

    const isToldInTime = ({ said, tookMs }: { said: string[]; tookMs: number }): void => {
      assert.deepEqual(said, ["408 request_timeout"]);
      assert.ok(tookMs >= RECEIVE_TIMEOUT_MS - 100 && tookMs < NOTICED_MS + 3_000, `after ${Math.round(tookMs)} ms`);
    };

    it("a head: 408, and the connection ends", async () => {
      isToldInTime(await drip(`POST ${door.path} HTTP/1.1\r\nhost: x\r\nx-slow: `, "a"));
    });

    it("a body of a known length: 408, and the connection ends", async () => {
      isToldInTime(await drip(head("POST", door.path, { ...door.headers(), "content-length": 1_000 }), " "));
    });

    it("a body in chunks: 408, and the connection ends", async () => {
      const chunked = { ...door.headers(), "transfer-encoding": "chunked" };
      isToldInTime(await drip(head("POST", door.path, chunked), "1\r\n \r\n"));
    });

    it("nothing at all: 408, and the connection ends", async () => {
      using line = dial(door.url());
      const answers = await line.answersToTheEnd(NOTICED_MS + 5_000);
      assert.deepEqual(
        answers.map((answer) => refusalOf(answer, door.form)),
        ["408 request_timeout"],
      );
    });

    it(`${SLOW_CLIENTS} of them keep nobody else from being served`, async () => {
      const slow = Array.from({ length: SLOW_CLIENTS }, () => dial(door.url()));
      try {
        for (const line of slow) line.write(head("POST", door.path, { ...door.headers(), "content-length": 1_000 }));
        const startedMs = performance.now();
        const list = door === ingress ? "/v1/models" : "/api/v1/aliases";
        for (let count = 0; count < 10; count += 1) {
          assert.equal((await exchange(door.url(), head("GET", list, door.headers()))).status, 200);
        }
        assert.ok(performance.now() - startedMs < RECEIVE_TIMEOUT_MS, "while they are still sending");
        for (const line of slow) assert.equal((await line.answer(NOTICED_MS + 5_000)).status, 408);
      } finally {
        for (const line of slow) line[Symbol.dispose]();
      }
    });
  });
}

describe("what was hidden", () => {
  it("was never served: no provider was called, nothing is booked, and the alias is still there", async () => {
    assert.deepEqual(stack.provider.log.entries(), []);
    await booksAreRight(stack, { attempts: 0 });
    const { aliases } = (await adminOf(stack)("GET", "/api/v1/aliases")).body;
    assert.ok(aliases.some(({ name }: { name: string }) => name === "better"));
  });

  it("would have been served by itself", async () => {
    assert.equal((await exchange(stack.url, ingress.hidden())).status, 200);
    await booksAreRight(stack, { attempts: 1 });
    assert.equal((await exchange(stack.adminUrl, administration.hidden())).status, 200);
    assert.equal((await ask(stack, { model: "better" })).status, 404);
  });
});
