// Answers of many messages, over a real connection: in order, no faster than they are taken, and refused like any other.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, type ServiceDefinition } from "@grpc/grpc-js";
import { WaybillError } from "@waybill/domain";
import { refusalIn, serveRpc, streamed } from "./serve.ts";
import { plainCredentials } from "./session.ts";
import { parseAcceptedTokens, tokenMetadata } from "./tokens.ts";

const same = (bytes: Buffer): Buffer => bytes;
const PATH = "/test.Streams/Count";
const DEFINITION: ServiceDefinition = {
  count: {
    ...{ path: PATH, requestStream: false, responseStream: true },
    ...{ requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same },
  },
};
const LARGE = Buffer.alloc(1024 * 1024);

async function serve(handle: (request: Buffer, signal: AbortSignal) => AsyncIterable<Buffer>) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("secret"));
  const accepted = parseAcceptedTokens(`router=${Buffer.from(hash).toString("hex")}`);
  const server = await serveRpc({ host: "127.0.0.1", port: 0, accepted });
  server.add(DEFINITION, { count: streamed(handle) }, ["router"]);
  const client = new Client(`127.0.0.1:${server.port}`, plainCredentials);
  return {
    ask: (token = "secret") => client.makeServerStreamRequest(PATH, same, same, Buffer.from("x"), tokenMetadata(token)),
    async [Symbol.asyncDispose]() {
      client.close();
      await server.stop(200);
    },
  };
}

test("every message arrives in order, and a stranger gets none", async () => {
  await using served = await serve(async function* () {
    for (const text of ["a", "b", "c"]) yield Buffer.from(text);
  });
  const texts: string[] = [];
  for await (const message of served.ask()) texts.push(String(message));
  assert.deepEqual(texts, ["a", "b", "c"]);
  await assert.rejects(async () => {
    for await (const _ of served.ask("wrong"));
  }, /UNAUTHENTICATED/);
});

test("a refusal comes after what was said before it, with its code; a surprise tells nothing", async () => {
  await using served = await serve(async function* () {
    yield Buffer.from("a");
    throw new WaybillError("overloaded", { detail: "secret detail" });
  });
  const texts: string[] = [];
  const failure = await (async () => {
    for await (const message of served.ask()) texts.push(String(message));
  })().catch((error) => error);
  assert.deepEqual([texts, refusalIn(failure.metadata)?.code], [["a"], "overloaded"]);
  assert.doesNotMatch(failure.message, /secret detail/);
});

test("whoever leaves ends the work, and nothing is made that nobody takes", async () => {
  let made = 0;
  let isOver = false;
  await using served = await serve(async function* (_, signal) {
    try {
      while (!signal.aborted && made < 1_000) {
        made += 1;
        yield LARGE;
      }
    } finally {
      isOver = true;
    }
  });
  const call = served.ask();
  await new Promise((resolve) => call.once("data", resolve));
  call.pause();
  call.on("error", () => {});
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(made < 100, `${made} MiB were made`);
  call.cancel();
  const deadline = performance.now() + 5_000;
  while (!isOver && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(isOver);
});
