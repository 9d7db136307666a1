import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import type { AnswerHead } from "../ports.ts";
import { HttpClient } from "./http-client.ts";
import { ReaderRoom } from "./reader-room.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const head: AnswerHead = {
  route: "support@v1",
  path: "start>cheap",
  reason: "",
  mode: "",
  sessionAffinity: "",
  provider: "sim",
  model: "economy",
  attempts: 2,
  simulated: true,
  budgetRemainingUsd: "1",
  clamped: false,
  maxOutputTokens: 0n,
  mayBeStopped: false,
  droppedFields: [],
  isReplayed: false,
  ...{ cache: "", cacheAgeSeconds: 0, savedUsd: "" },
};

/** What a real client hears of what the story tells the client's side. */
async function hear(
  tell: (client: HttpClient) => void,
  headers: Record<string, string> = {},
  { path = "/", heartbeatMs = 0, roomBytesMax = 1_000_000 } = {},
): Promise<Response> {
  const room = new ReaderRoom(roomBytesMax, () => {});
  const options = { requestId: "id-1", bufferBytesMax: 1_000, room, heartbeatMs, onFirstByte: () => {} };
  const server = createServer((request, response) => tell(new HttpClient(request, response, options)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close", ...headers } });
}

describe("a client hears", () => {
  it("of a failed attempt how many there were and on which route, beside what every error has", async () => {
    const answer = await hear((client) => client.fail(new WaybillError("upstream_timeout"), head));
    assert.equal(answer.status, 504);
    assert.equal(answer.headers.get("x-request-id"), "id-1");
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get("x-waybill-attempts"), "2");
    assert.equal(answer.headers.get("x-waybill-route"), "support@v1");
    assert.equal(answer.headers.get("x-waybill-budget-remaining-usd"), null);
  });

  it("of a refusal nothing of an attempt, and when to come again", async () => {
    const answer = await hear((client) => client.fail(new WaybillError("router_unavailable")));
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.deepEqual(
      [...answer.headers.keys()].filter((name) => name.startsWith("x-waybill-")),
      [],
    );
  });

  it("of a stream the route in Cloudflare's words, too, when it speaks them", async () => {
    const tell = (client: HttpClient): void => {
      client.stream(head, Buffer.from("data: x\n\n"));
      client.endStream();
    };
    const answer = await hear(tell, { "cf-aig-collect-log": "false" });
    assert.equal(await answer.text(), "data: x\n\n");
    assert.equal(answer.headers.get("x-waybill-path"), "start>cheap");
    assert.equal(answer.headers.get("cf-aig-provider"), "sim");
    assert.equal(answer.headers.get("cf-aig-model"), "economy");
    assert.equal(answer.headers.get("cf-aig-step"), "1");
  });

  it("of a silent stream that it is alive, in the surface's own words, and of one that has not begun nothing", async () => {
    for (const [path, sign] of [
      ["/v1/chat/completions", ": waybill\n\n"],
      ["/v1/messages", 'event: ping\ndata: {"type":"ping"}\n\n'],
    ] as const) {
      const answer = await hear(
        (client) => client.stream(head, Buffer.from("data: x\n\n")),
        {},
        { path, heartbeatMs: 5 },
      );
      let text = "";
      for await (const bytes of answer.body ?? []) {
        text += Buffer.from(bytes).toString();
        if (text.endsWith(sign + sign)) break;
      }
      assert.equal(text.replaceAll(sign, ""), "data: x\n\n");
    }
    const late = await hear(
      (client) => setTimeout(() => client.fail(new WaybillError("upstream_error")), 30),
      {},
      { heartbeatMs: 5 },
    );
    assert.equal(late.status, 502);
  });
});

describe("a reader that takes nothing", () => {
  /** Writes pieces until the reader's own connection and the kernel are full. */
  async function fill(bufferBytesMax: number, roomBytesMax: number) {
    const reasons: string[] = [];
    let cuts = 0;
    const room = new ReaderRoom(roomBytesMax, () => {
      cuts += 1;
    });
    const server = createServer((request, response) => {
      const client = new HttpClient(request, response, {
        ...{ requestId: "id-1", bufferBytesMax, room, heartbeatMs: 0, onFirstByte: () => {} },
      });
      client.onGone((reason) => void reasons.push(reason));
      const piece = Buffer.alloc(256 * 1024);
      for (let n = 0; n < 200 && !client.isGone; n += 1) client.stream(head, piece);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, "127.0.0.1")
      .pause()
      .on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    await new Promise((resolve) => server.once("request", resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const waiting = room.bytes;
    closers.push(() => {
      socket.destroy();
      server.closeAllConnections();
      server.close();
    });
    return { reasons, cuts, waiting };
  }

  it("is not one that is given a kept stream at once: it is larger than what may wait, and whole", async () => {
    const whole = Buffer.alloc(16 * 1024 * 1024, "x");
    const reasons: string[] = [];
    const tell = (client: HttpClient): void => {
      client.onGone((reason) => void reasons.push(reason));
      client.stream(head, whole);
      client.endStream();
    };
    const answer = await hear(tell, {}, { roomBytesMax: 100_000_000 });
    assert.equal((await answer.arrayBuffer()).byteLength, whole.length);
    assert.deepEqual(reasons, []);
  });

  it("is cut when too much waits for it", async () => {
    const { reasons, cuts, waiting } = await fill(1_000_000, 100_000_000);
    assert.deepEqual([reasons, cuts, waiting], [["slow_reader"], 0, 0]);
  });

  it("is cut when too much waits for all, and nothing of it is left", async () => {
    const { reasons, cuts, waiting } = await fill(100_000_000, 1_000_000);
    assert.deepEqual([reasons, cuts, waiting], [["slow_reader"], 1, 0]);
  });
});
