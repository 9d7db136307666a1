// HTTP as bytes on a socket, for what no client library would send; and what came back, read strictly.
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { eventually } from "@waybill/testing";

/** One answer as it came. */
export interface RawAnswer {
  status: number;
  /** By lower-case name. */
  headers: ReadonlyMap<string, string>;
  body: string;
}

export interface RawLine {
  readonly socket: Socket;
  readonly isClosed: boolean;
  /** Everything that came, as Latin-1. */
  readonly text: string;
  write(bytes: string | Buffer): void;
  /** The next answer with a `content-length`. Throws after `timeoutMs`. */
  answer(timeoutMs?: number): Promise<RawAnswer>;
  /** All answers until the other side has closed. Throws after `timeoutMs`, or when what came is not answers from end to end. */
  answersToTheEnd(timeoutMs?: number): Promise<RawAnswer[]>;
}

const TIMEOUT_MS = 10_000;

/** A connection that is destroyed on `[Symbol.dispose]`, so `using line = dial(url)`. */
export function dial(url: string): RawLine & Disposable {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  let taken = 0;
  let closed = false;
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  // A reset after an answer is the other side's way to close; what is missing then, the test says.
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
  });
  const take = (): RawAnswer | undefined => {
    const found = readAnswer(text.slice(taken));
    taken += found?.length ?? 0;
    return found?.answer;
  };
  return {
    socket,
    get isClosed() {
      return closed;
    },
    get text() {
      return text;
    },
    write: (bytes) => void socket.write(bytes),
    async answer(timeoutMs = TIMEOUT_MS) {
      return await eventually(take, { timeoutMs, intervalMs: 5, reason: "an answer" });
    },
    async answersToTheEnd(timeoutMs = TIMEOUT_MS) {
      await eventually(() => closed, { timeoutMs, intervalMs: 5, reason: "the connection ends" });
      const answers: RawAnswer[] = [];
      for (let answer = take(); answer; answer = take()) answers.push(answer);
      assert.equal(text.slice(taken), "", "nothing but whole answers came");
      return answers;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Undefined: it is not whole yet. */
function readAnswer(text: string): { answer: RawAnswer; length: number } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [first = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? assert.fail(`no status line: ${first}`));
  const headers = new Map(
    lines.map((line) => [line.split(":")[0]?.toLowerCase() ?? "", line.replace(/^[^:]*:\s*/, "")]),
  );
  const body = bodyOf(text.slice(headEnd + 4), headers);
  return body && { answer: { status, headers, body: body.text }, length: headEnd + 4 + body.length };
}

function bodyOf(rest: string, headers: ReadonlyMap<string, string>): { text: string; length: number } | undefined {
  if (headers.get("transfer-encoding") !== "chunked") {
    const length = Number(headers.get("content-length") ?? 0);
    return rest.length < length ? undefined : { text: rest.slice(0, length), length };
  }
  let text = "";
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf("\r\n", at);
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(rest.slice(at, lineEnd), 16);
    const end = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || rest.length < end) return undefined;
    text += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    if (size === 0) return { text, length: end };
    at = end;
  }
}

/** The head of a request, with its blank line. */
export function head(method: string, path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ host: "x", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Writes one request and reads its answer; whatever is still open is closed. */
export async function exchange(url: string, bytes: string): Promise<RawAnswer> {
  using line = dial(url);
  line.write(bytes);
  return await line.answer();
}
