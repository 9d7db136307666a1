// The front door as a program: a stranger costs no memory, whatever is refused has an id and is counted, and who comes while
// it closes is told so.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { eventually } from "@waybill/testing";
import { ask, readStream } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const MIB = 1024 * 1024;
let stack: TestStack;
const sockets: Socket[] = [];
before(async () => {
  stack = await startStack();
});
after(async () => {
  for (const socket of sockets) socket.destroy();
  await stack[Symbol.asyncDispose]();
});

interface Line {
  socket: Socket;
  /** Everything that came since `forget`. */
  text(): string;
  forget(): void;
  isClosed(): boolean;
}

/** A connection to the ingress that writes what it likes. */
function dial(): Line {
  const socket = connect(Number(new URL(stack.url).port), "127.0.0.1");
  sockets.push(socket);
  let text = "";
  let closed = false;
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  return {
    socket,
    text: () => text,
    forget: () => {
      text = "";
    },
    isClosed: () => closed,
  };
}

const head = (key: string | undefined, contentLength: number): string =>
  `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n` +
  `content-type: application/json\r\ncontent-length: ${contentLength}\r\n\r\n`;

/** Status and code of an error answer that must have an id and OpenAI's shape. */
async function errorOf(line: Line): Promise<string> {
  await eventually(() => /\r\n\r\n\{.*\}\n$/s.test(line.text()), { reason: "an error answer" });
  const [top = "", body = ""] = line.text().split("\r\n\r\n");
  assert.match(top, /^x-request-id: [0-9a-f-]{36}$/im);
  const { error } = JSON.parse(body) as { error: { code: string } };
  assert.deepEqual(Object.keys(error).sort(), ["code", "message", "param", "type"]);
  return `${top.split(" ")[1]} ${error.code}`;
}

/** How often the ingress has counted a result. */
async function counted(code: string): Promise<number> {
  const [ingress] = stack.of("ingress");
  const text = (await ingress?.metrics()) ?? "";
  const lines = text.split("\n").filter((line) => line.startsWith("waybill_ingress_requests_total{"));
  return lines
    .filter((line) => line.includes(`code="${code}"`))
    .reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
}

/** The most memory that the ingress ever had. */
function peakBytes(): number {
  const [ingress] = stack.of("ingress");
  const status = readFileSync(`/proc/${ingress?.pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

describe("the front door", () => {
  it("answers a client without a key while its 32 MiB are still to come, and counts it once", async () => {
    const before = await counted("invalid_api_key");
    const line = dial();
    line.socket.write(head(`wb_nosuchkey_${"0".repeat(32)}`, 32 * MIB));
    assert.equal(await errorOf(line), "401 invalid_api_key");
    assert.match(line.text(), /^connection: close$/im);
    await eventually(line.isClosed, { reason: "the connection ends" });
    assert.equal(await counted("invalid_api_key"), before + 1);
  });

  it("keeps nothing of what clients without a key send", async () => {
    const beforeBytes = peakBytes();
    const body = Buffer.alloc(30 * MIB, 32);
    const lines = Array.from({ length: 10 }, () => {
      const line = dial();
      line.socket.write(head("sk-openai", body.length));
      line.socket.write(body);
      return line;
    });
    for (const line of lines) assert.equal(await errorOf(line), "401 invalid_api_key");
    await eventually(() => lines.every((line) => line.isClosed()), { reason: "the connections end" });
    const moreBytes = peakBytes() - beforeBytes;
    assert.ok(moreBytes < 150 * MIB, `${Math.round(moreBytes / MIB)} MiB for 300 MiB of strangers`);
  });

  it("counts what is no HTTP, and what has no route for its path cannot be read", async () => {
    const before = await counted("invalid_value");
    for (const sent of ["hello\r\n\r\n", "GET /%E0%A4%A HTTP/1.1\r\nhost: x\r\n\r\n"]) {
      const line = dial();
      line.socket.write(sent);
      assert.equal(await errorOf(line), "400 invalid_value");
    }
    assert.equal(await counted("invalid_value"), before + 2);
  });

  it("tells a kept connection that it is draining, and ends it", async () => {
    const [old] = stack.of("ingress");
    assert.ok(old);
    const script = { chunks: 20, outputTokens: 20, inputTokens: 5 };
    let hasBegun = false;
    const long = readStream(await ask(stack, { stream: true, script: { ...script, gapMs: 150 } }), () => {
      hasBegun = true;
    });
    const kept = dial();
    const body = JSON.stringify({
      model: "scripted/scripted-1",
      messages: [{ role: "user", content: "hello" }],
      stream: true,
      x_script: { ...script, gapMs: 50 },
    });
    kept.socket.write(head(stack.keys.support_1, Buffer.byteLength(body)) + body);
    await eventually(() => hasBegun && kept.text().includes("data:"), { reason: "both streams have begun" });
    const ended = old.terminate();
    await eventually(() => kept.text().endsWith("\r\n0\r\n\r\n"), { reason: "the kept connection's stream ends" });
    assert.match(kept.text(), /\[DONE\]/);
    kept.forget();
    kept.socket.write("GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n");
    assert.equal(await errorOf(kept), "503 draining");
    assert.match(kept.text(), /^connection: close$/im);
    await eventually(kept.isClosed, { reason: "the connection ends" });
    assert.equal((await long).done, true, "the other stream is not cut");
    assert.equal(await ended, 0);
  });
});
