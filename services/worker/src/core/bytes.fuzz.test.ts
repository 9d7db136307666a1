// Bytes as no provider and no client sends them: however they are cut the same comes out, whatever they are nothing is thrown but what
// is expected, and no more is kept than the limits say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { WaybillError } from "@waybill/domain";
import { patchBody, type SseEvent, SseSplitter, SURFACES, scanBody, scanChunk } from "@waybill/surfaces";
import { fuzzParameters } from "@waybill/testing";
import fc from "fast-check";
import { type EventMessage, EventStreamSplitter } from "../wires/aws-event-stream.ts";

const EVENT_BYTES_MAX = 64;
const cuts = fc.array(fc.nat(), { maxLength: 12 });

/** The bytes in pieces, some of them empty. */
function piecesOf(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [0, ...at.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

/** What came of it: events as text until the end, or until an expected error. */
function outcomeOf<T>(read: (show: (events: readonly T[]) => void) => void, text: (event: T) => string): string[] {
  const shown: string[] = [];
  try {
    read((events) => shown.push(...events.map(text)));
  } catch (error) {
    assert.ok(error instanceof WaybillError, String(error));
    shown.push(error.code);
  }
  return shown;
}

const sseOf = (bytes: Uint8Array, at: readonly number[], max: number): string[] =>
  outcomeOf<SseEvent>(
    (show) => {
      const splitter = new SseSplitter(max);
      for (const piece of piecesOf(bytes, at)) show(splitter.push(piece));
      show(splitter.end());
    },
    ({ raw, data }) => `${Buffer.from(raw).toString("hex")}=${data && Buffer.from(data).toString("hex")}`,
  );

/** Texts that look like events, with every kind of end of line, and bytes that look like nothing. */
const sseBytes = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "data: ",
        "data:",
        "data",
        "event: x",
        ": c",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\ufeff",
        "[DONE]",
        "é",
      ),
      fc.string({ unit: "binary", maxLength: 8 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.from(parts.join("")));

test("server-sent events are the same wherever they are cut", () => {
  fc.assert(
    fc.property(sseBytes, cuts, (bytes, at) => {
      assert.deepEqual(sseOf(bytes, at, 1_000_000), sseOf(bytes, [], 1_000_000));
    }),
    fuzzParameters(300),
  );
});

test("random bytes as server-sent events: no event is above the limit, and only the expected error is thrown", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (bytes, at) => {
      for (const shown of sseOf(bytes, at, EVENT_BYTES_MAX)) {
        if (shown === "upstream_malformed") continue;
        // The blank line of the very end is added by the reader.
        assert.ok((shown.split("=")[0] ?? "").length / 2 <= EVENT_BYTES_MAX + 2, shown);
      }
    }),
    fuzzParameters(300),
  );
});

function message(headers: Buffer, payload: Buffer): Buffer {
  const bytes = Buffer.alloc(16 + headers.length + payload.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(headers.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8);
  headers.copy(bytes, 12);
  payload.copy(bytes, 12 + headers.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
  return bytes;
}

const awsOf = (bytes: Uint8Array, at: readonly number[]): string[] =>
  outcomeOf<EventMessage>(
    (show) => {
      const splitter = new EventStreamSplitter();
      for (const piece of piecesOf(bytes, at)) show(splitter.push(piece));
      if (splitter.isInside) show([]);
    },
    ({ headers, payload }) => `${JSON.stringify([...headers])}${Buffer.from(payload).toString("hex")}`,
  );

/** Whole messages with sound checksums around headers that may be anything. */
const awsMessages = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 })), { maxLength: 4 })
  .map((all) => Buffer.concat(all.map(([headers, payload]) => message(Buffer.from(headers), Buffer.from(payload)))));

test("messages of AWS's event stream are the same wherever they are cut, and a broken one is an expected error", () => {
  fc.assert(
    fc.property(awsMessages, cuts, fc.option(fc.tuple(fc.nat(), fc.nat(255))), (bytes, at, flip) => {
      if (flip && bytes.length > 0) bytes[flip[0] % bytes.length] = flip[1];
      // What a piece completes before the broken message may be shown with it or not.
      const [inPieces, whole] = [awsOf(bytes, at), awsOf(bytes, [])];
      assert.equal(inPieces.at(-1) === "upstream_malformed", whole.at(-1) === "upstream_malformed");
      if (whole.at(-1) !== "upstream_malformed") assert.deepEqual(inPieces, whole);
    }),
    fuzzParameters(300),
  );
});

test("random bytes as AWS's event stream are never more than an expected error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, at) => void awsOf(bytes, at)),
    fuzzParameters(300),
  );
});

test("a chunk's scan never throws, and finds well-formed what JSON finds well-formed", () => {
  const looksLike = fc.oneof(
    fc.json(),
    fc.json().map((text) => `{"choices":[{"delta":{"content":${text}},"finish_reason":"stop"}],"usage":${text}}`),
    fc.string({ unit: "binary" }),
    fc.tuple(fc.json(), fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1))),
  );
  fc.assert(
    fc.property(looksLike, (text) => {
      const { isWellFormed, textBytes, evidencedTokens } = scanChunk(Buffer.from(text));
      assert.ok(textBytes >= 0 && evidencedTokens >= 0);
      if (isObjectText(text) && depthOf(text) < 60) assert.ok(isWellFormed, text);
    }),
    fuzzParameters(500),
  );
});

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const depthOf = (text: string): number => (text.match(/[[{]/g) ?? []).length;

test("a patched body is the same object with those fields, whatever its spelling", () => {
  const names = fc.constantFrom("model", "max_tokens", "stream", "other", "ä", 'q"', "");
  const body = fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true });
  const space = fc.constantFrom("", " ", "\n\t");
  fc.assert(
    fc.property(body, fc.dictionary(names, fc.jsonValue()), space, (value, changes, blank) => {
      const text = JSON.stringify(value, null, blank);
      const bytes = Buffer.from(`${blank}${text}${blank}`);
      const scanned = outcome(() => scanBody(bytes));
      if (scanned instanceof WaybillError) return;
      const spans = [...scanned.fields.values()];
      const texts = new Map(Object.entries(changes).map(([name, each]) => [name, JSON.stringify(each)]));
      const isEmpty = spans.length === 0;
      const patched = patchBody(bytes, { spans, insertAt: scanned.insertAt, isEmpty }, texts);
      const wanted = JSON.parse(JSON.stringify({ ...value, ...changes }));
      assert.deepEqual(JSON.parse(Buffer.from(patched).toString()), wanted);
    }),
    fuzzParameters(300),
  );
});

test("random bytes as a request's body are refused with a code and a sentence, on every surface", () => {
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.tuple(fc.json(), fc.nat()).map(([text, at]) => Buffer.from(`{"model":"a/b",${text.slice(1, at)}`)),
  );
  fc.assert(
    fc.property(bodies, fc.constantFrom(...SURFACES), (body, surface) => {
      const read = outcome(() => surface.readRequest(body));
      if (read instanceof WaybillError) assert.match(read.code, /^invalid_(json|value)$/);
    }),
    fuzzParameters(300),
  );
});

/** What came back, or the expected error; any other is thrown on. */
function outcome<T>(work: () => T): T | WaybillError {
  try {
    return work();
  } catch (error) {
    if (error instanceof WaybillError) return error;
    throw error;
  }
}
