import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { Health, Metrics, makeLog, makeUuidV7, type ServiceScope, startTracing, systemClock } from "@waybill/service";
import { Attribution, VirtualKey } from "@waybill/wire";
import { Flights } from "../core/flights.ts";
import type { ModelsReader } from "../core/public-models.ts";
import type { ServePorts } from "../serve.ts";
import { drain } from "./drain.ts";
import { serveHttp } from "./http.ts";
import { makeSurfaceRoute } from "./surface-route.ts";

const MIB = 1024 * 1024;
const MAX_BYTES = 2 * MIB;
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The front door with nothing behind it: who is let in with the key "good" hears 503 no_workers once the body was read. */
async function openDoor(changes: { openRequestsMax?: number; allBodiesBytesMax?: number } = {}) {
  const told: (ErrorCode | "ok")[] = [];
  const world = {
    asked: 0,
    refusal: undefined as ErrorCode | undefined,
    answerAfter: Promise.resolve(),
    readers: [] as ModelsReader[],
  };
  const ports: ServePorts = {
    authenticate: async (presented) => {
      if (presented !== "good") throw new WaybillError("invalid_api_key");
      const attribution = Attribution.create({ organisationId: "acme" });
      return VirtualKey.create({ keyId: "k", attribution, allowedModels: ["auto"] });
    },
    decisions: {
      async decide() {
        world.asked += 1;
        await world.answerAfter;
        throw new WaybillError("no_workers");
      },
      next: () => assert.fail(),
      ended: () => assert.fail(),
      extendHold: () => assert.fail("nobody should ask"),
    },
    selectFilters: () => undefined,
    askWebhook: () => assert.fail(),
    countTokens: () => assert.fail(),
    attempts: { open: () => assert.fail(), cancel: () => assert.fail(), giveUp: () => assert.fail() },
    publishWaybill: () => assert.fail(),
    recordUsage: () => assert.fail(),
    recordFindings: () => assert.fail(),
    pause: () => assert.fail(),
    onceOnly: { enter: () => assert.fail() },
    cache: { flights: new Flights(), fingerprint: () => "", find: () => assert.fail(), keep: () => assert.fail() },
    policies: {
      of: (_organisationId, name) => ({ meaning: name, version: 0, cache: undefined, filters: [], senderFacts: [] }),
    },
    clock: systemClock,
  };
  const scope: ServiceScope = {
    serviceId: "ingress-1",
    log: makeLog("ingress", "ingress-1", "silent"),
    health: new Health(),
    metrics: new Metrics(),
    tracing: await startTracing("ingress", "", 0),
    onStop: () => {},
    fail: (error) => assert.fail(String(error)),
  };
  const config = {
    WAYBILL_HTTP_HOST: "127.0.0.1",
    WAYBILL_HTTP_PORT: 0,
    WAYBILL_BODY_BYTES_MAX: MAX_BYTES,
    WAYBILL_OPEN_BODIES_BYTES_MAX: changes.allBodiesBytesMax ?? 3 * MIB,
    WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: 1_000,
    WAYBILL_OPEN_REQUESTS_MAX: changes.openRequestsMax ?? 100,
    WAYBILL_STREAM_BUFFER_BYTES_MAX: MIB,
    WAYBILL_ALL_BUFFERS_BYTES_MAX: MIB,
    WAYBILL_HEARTBEAT_MS: 0,
    WAYBILL_CLAIM_TIMEOUT_MS: 1_000,
    WAYBILL_ANSWER_BYTES_MAX: MIB,
    WAYBILL_KEPT_ANSWER_BYTES_MAX: MIB,
  };
  const report = {
    refused: (code: ErrorCode) => void told.push(code),
    firstByte: () => {},
    served: ({ code }: { code: ErrorCode | "ok" }) => void told.push(code),
  };
  const route = makeSurfaceRoute(ports, config, report, scope);
  const http = await serveHttp(config, {
    makeId: makeUuidV7,
    authenticate: ports.authenticate,
    listModels: (reader) => {
      world.readers.push(reader);
      return [{ id: "auto", ownedBy: "waybill" }];
    },
    serve: route.handle,
    countTokens: route.countTokens,
    failReading: route.failReading,
    onRefused: report.refused,
    refusal: () => world.refusal,
  });
  closers.push(() => http.close());
  const openBodiesBytes = async (): Promise<number> => {
    const text = await readMetrics(scope.metrics);
    return Number(/^waybill_ingress_bodies_open_bytes(?:\{.*\})? (\d+)/m.exec(text)?.[1]);
  };
  return { world, told, http, route, openBodiesBytes, client: () => dial(http.port) };
}

async function readMetrics(metrics: Metrics): Promise<string> {
  const health = new Health();
  const port = await health.listen(0, metrics);
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await health.stop();
  return text;
}

interface Answered {
  status: number;
  headers: Map<string, string>;
  code: string;
}

/** A client that writes what it likes and reads the answers one by one. */
interface RawClient {
  socket: Socket;
  answer(): Promise<Answered>;
  isClosed(): boolean;
}

async function dial(port: number): Promise<RawClient> {
  const socket = connect(port, "127.0.0.1");
  closers.push(() => void socket.destroy());
  let text = "";
  let closed = false;
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  await new Promise((resolve) => socket.once("connect", resolve));
  const take = (): Answered | undefined => {
    const headEnd = text.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const [first = "", ...lines] = text.slice(0, headEnd).split("\r\n");
    const headers = new Map(lines.map((line) => [line.split(": ")[0]?.toLowerCase() ?? "", line.split(": ")[1] ?? ""]));
    const end = headEnd + 4 + Number(headers.get("content-length") ?? 0);
    if (text.length < end) return undefined;
    const body = text.slice(headEnd + 4, end);
    text = text.slice(end);
    const { error } = JSON.parse(body) as { error: { code: string } };
    assert.deepEqual(Object.keys(error).sort(), ["code", "message", "param", "type"], "OpenAI's shape");
    assert.match(headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
    return { status: Number(first.split(" ")[1]), headers, code: error.code };
  };
  return {
    socket,
    isClosed: () => closed,
    answer: () => until(take, () => `an answer, not ${JSON.stringify(text)}`),
  };
}

type Look<T> = () => T | undefined | false | Promise<T | undefined | false>;

async function until<T>(look: Look<T>, what: () => string): Promise<T> {
  for (const startedAtMs = performance.now(); ; ) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    assert.ok(performance.now() - startedAtMs < 5_000, what());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const head = (fields: Record<string, string | number>, key = "good", line = "POST /v1/chat/completions HTTP/1.1") =>
  [
    line,
    "host: x",
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    "\r\n",
  ].join("\r\n");
const BODY = '{"model":"a/b","messages":[{"role":"user","content":"hi"}]}';
const CHUNKED = { "transfer-encoding": "chunked" };
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${" ".repeat(bytes)}\r\n`;

describe("a body", () => {
  for (const [what, fields] of [
    ["promised", { "content-length": 32 * MIB }],
    ["in chunks", CHUNKED],
  ] as const) {
    it(`${what} of a client without a key is never read: 401 while it is still to come, and the connection ends`, async () => {
      const { told, openBodiesBytes, client } = await openDoor();
      const { socket, answer, isClosed } = await client();
      socket.write(head(fields, "bad"));
      const { status, headers } = await answer();
      assert.equal(status, 401);
      assert.equal(headers.get("connection"), "close");
      assert.equal(await openBodiesBytes(), 0);
      await until(isClosed, () => "the connection ends");
      assert.deepEqual(told, ["invalid_api_key"]);
    });
  }

  it("of a stranger that keeps coming does not cost the stranger the answer", async () => {
    const { client } = await openDoor();
    const { socket, answer } = await client();
    // Many clients write all before they read anything, and give up when they cannot.
    let written: boolean | undefined;
    socket.write(head({ "content-length": 8 * MIB }, "bad"));
    socket.write(Buffer.alloc(8 * MIB, 32), (error) => {
      written = !error;
    });
    await until(
      () => written !== undefined,
      () => "the end of writing",
    );
    assert.equal(written, true);
    assert.equal((await answer()).status, 401);
  });

  it("that is small leaves the connection open after a refusal", async () => {
    const { client } = await openDoor();
    const { socket, answer } = await client();
    socket.write(head({ "content-length": BODY.length }, "bad"));
    const refused = await answer();
    assert.equal(refused.status, 401);
    assert.notEqual(refused.headers.get("connection"), "close");
    socket.write(BODY + head({ "content-length": BODY.length }) + BODY);
    assert.equal((await answer()).code, "no_workers");
  });

  it("is reserved before it is read, and given back however the request ends", async () => {
    const { world, told, openBodiesBytes, client } = await openDoor();
    const [first, second] = [await client(), await client()];
    first.socket.write(head({ "content-length": 2 * MIB }));
    await until(
      async () => (await openBodiesBytes()) === 2 * MIB,
      () => "reserved",
    );
    second.socket.write(head({ "content-length": 2 * MIB }));
    assert.equal((await second.answer()).code, "overloaded", "before its body came");
    first.socket.destroy();
    await until(
      () => told.includes("client_gone"),
      () => "the client that left is noticed",
    );
    assert.equal(await openBodiesBytes(), 0);
    const third = await client();
    third.socket.write(head({ "content-length": 2 * MIB }));
    third.socket.write(BODY + " ".repeat(2 * MIB - BODY.length));
    assert.equal((await third.answer()).code, "no_workers");
    assert.equal(await openBodiesBytes(), 0);
    assert.equal(world.asked, 1);
    assert.deepEqual(told, ["overloaded", "client_gone", "no_workers"]);
  });

  it("in chunks is counted as it comes", async () => {
    const { told, openBodiesBytes, client } = await openDoor();
    const [first, second, third] = [await client(), await client(), await client()];
    first.socket.write(head(CHUNKED) + chunk(1.5 * MIB));
    await until(
      async () => (await openBodiesBytes()) === 1.5 * MIB,
      () => "counted",
    );
    second.socket.write(head(CHUNKED) + chunk(2 * MIB));
    assert.equal((await second.answer()).code, "overloaded");
    first.socket.write(chunk(MIB));
    assert.equal((await first.answer()).code, "body_too_large");
    third.socket.write(`${head(CHUNKED)}${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`);
    assert.equal((await third.answer()).code, "no_workers");
    assert.equal(await openBodiesBytes(), 0);
    assert.deepEqual(told, ["overloaded", "body_too_large", "no_workers"]);
  });

  it("that is too large by its own word is refused before it comes", async () => {
    const { client } = await openDoor();
    const { socket, answer } = await client();
    socket.write(head({ "content-length": MAX_BYTES + 1 }));
    assert.equal((await answer()).status, 413);
  });

  it("counts against the requests served at the same time while it is read", async () => {
    const { openBodiesBytes, client } = await openDoor({ openRequestsMax: 1 });
    const [first, second] = [await client(), await client()];
    first.socket.write(head({ "content-length": BODY.length }));
    await until(
      async () => (await openBodiesBytes()) > 0,
      () => "reserved",
    );
    second.socket.write(head({ "content-length": BODY.length }));
    assert.equal((await second.answer()).code, "overloaded");
  });

  it("that comes too slowly, or is no HTTP, is told so once", async () => {
    const { told, openBodiesBytes, client } = await openDoor();
    const [slow, broken] = [await client(), await client()];
    slow.socket.write(`${head({ "content-length": BODY.length })}{`);
    broken.socket.write(`${head(CHUNKED)}no length\r\n`);
    const answer = await broken.answer();
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get("connection"), "close");
    assert.equal((await slow.answer()).code, "request_timeout");
    await until(slow.isClosed, () => "the slow connection ends");
    assert.equal(await openBodiesBytes(), 0);
    assert.deepEqual(told, ["invalid_value", "request_timeout"]);
  });
});

describe("every error has an id and OpenAI's shape, and is counted once", () => {
  const get = (path: string, version = "1.1", host = "host: x\r\n") => `GET ${path} HTTP/${version}\r\n${host}\r\n`;
  const table: [what: string, sent: string, status: number, code: ErrorCode][] = [
    ["what is no HTTP", "hello\r\n\r\n", 400, "invalid_value"],
    ["an unknown method", "BREW /v1/models HTTP/1.1\r\nhost: x\r\n\r\n", 400, "invalid_value"],
    ["a method of another protocol", "PROPFIND /v1/models HTTP/1.1\r\nhost: x\r\n\r\n", 405, "method_not_allowed"],
    ["a head that is too large", `GET / HTTP/1.1\r\nx: ${"a".repeat(20_000)}\r\n\r\n`, 431, "headers_too_large"],
    ["a head that is too slow", "GET / HTTP/1.1\r\nhost", 408, "request_timeout"],
    ["a malformed path", get("/%E0%A4%A"), 400, "invalid_value"],
    ["a path that is not there", get("/v1/nothing"), 404, "not_found"],
    ["a wrong method", get("/v1/chat/completions"), 405, "method_not_allowed"],
    ["a response of before", get("/v1/responses/resp_1?stream=true"), 404, "responses_not_kept"],
    ["to forget one", "DELETE /v1/responses/resp_1 HTTP/1.1\r\nhost: x\r\n\r\n", 404, "responses_not_kept"],
    ["what was said to one", get("/v1/responses/resp_1/input_items"), 404, "responses_not_kept"],
    ["what is not about one", get("/v1/responses/input_tokens"), 404, "not_found"],
    ["responses without a body", get("/v1/responses"), 405, "method_not_allowed"],
    ["a request without a host", get("/v1/models", "1.1", ""), 400, "invalid_value"],
    ["a request without a key", get("/v1/models"), 401, "invalid_api_key"],
    ["an old client without a key", get("/v1/models", "1.0", ""), 401, "invalid_api_key"],
    ["an unknown expectation", get("/v1/nothing", "1.1", "host: x\r\nexpect: tea\r\n"), 404, "not_found"],
    [
      "a body that is no JSON",
      head({ "content-length": 2 }).replace("application/json", "text/plain"),
      415,
      "unsupported_media_type",
    ],
  ];
  for (const [what, sent, status, code] of table) {
    it(`${status} ${code}: ${what}`, async () => {
      const { told, client } = await openDoor();
      const { socket, answer } = await client();
      socket.write(sent);
      const answered = await answer();
      assert.deepEqual({ status: answered.status, code: answered.code }, { status, code });
      assert.deepEqual(told, [code]);
    });
  }

  it("nothing is written into the middle of an answer", async () => {
    const { world, told, client } = await openDoor();
    const { promise, resolve } = withResolvers();
    world.answerAfter = promise;
    const { socket, isClosed } = await client();
    socket.write(head({ "content-length": BODY.length }) + BODY);
    await until(
      () => world.asked === 1,
      () => "the request is being served",
    );
    socket.write("garbage\r\n\r\n");
    await until(isClosed, () => "the connection ends");
    resolve();
    await until(
      () => told.length > 0,
      () => "the request ends",
    );
    assert.deepEqual(told, ["client_gone"]);
  });
});

describe("GET /v1/models", () => {
  it("asks for what the key's organisation and its list let it see, and answers in OpenAI's shape", async () => {
    const { world, http } = await openDoor();
    const headers = { authorization: "Bearer good" };
    const answer = await fetch(`http://127.0.0.1:${http.port}/v1/models`, { headers });
    const auto = { id: "auto", object: "model", created: 0, owned_by: "waybill" };
    assert.deepEqual(await answer.json(), { object: "list", data: [auto] });
    assert.deepEqual(world.readers, [{ organisationId: "acme", allowedModels: ["auto"], allowedRoutes: [] }]);
  });
});

describe("while draining", () => {
  it("a kept connection hears our `draining`, and is the last it hears; what runs is answered and closes", async () => {
    const { world, told, http, route, client } = await openDoor();
    const { promise, resolve } = withResolvers();
    world.answerAfter = promise;
    const [running, kept, malformed] = [await client(), await client(), await client()];
    running.socket.write(head({ "content-length": BODY.length }) + BODY);
    // Half a head keeps a connection from being idle, as an answer under way would.
    kept.socket.write("GET /v1/models HTTP/1.1\r\n");
    malformed.socket.write("GET /%E0%A4%A HTTP/1.1\r\n");
    await until(
      () => world.asked === 1,
      () => "the request is being served",
    );
    world.refusal = "draining";
    const drained = drain(http, route, () => {}, systemClock, 5_000);
    await new Promise((wait) => setTimeout(wait, 50));
    for (const { socket, answer, isClosed } of [kept, malformed]) {
      socket.write("host: x\r\n\r\n");
      const { status, code, headers } = await answer();
      assert.deepEqual({ status, code }, { status: 503, code: "draining" });
      assert.equal(headers.get("connection"), "close");
      await until(isClosed, () => "the connection ends");
    }
    resolve();
    const last = await running.answer();
    assert.equal(last.code, "no_workers");
    assert.equal(last.headers.get("connection"), "close");
    await drained;
    assert.deepEqual(told, ["draining", "draining", "no_workers"]);
  });
});

function withResolvers(): { promise: Promise<void>; resolve(): void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve: () => resolve() };
}
