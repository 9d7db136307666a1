// A small service for the tests of this package: messages as JSON, one standing stream, one unary call.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Client, credentials, type ServerDuplexStream, type ServiceDefinition } from "@grpc/grpc-js";
import { type RpcServer, serveRpc, unary } from "./serve.ts";
import { SESSION_CLIENT_OPTIONS, Session, type SessionOptions } from "./session.ts";
import { parseAcceptedTokens, tokenMetadata } from "./tokens.ts";

export interface Note {
  correlationId: bigint;
  text: string;
}

interface Calls {
  calls: Note[];
}

interface Answers {
  answers: Note[];
}

const serialize = ({ correlationId, text }: Note): Buffer => Buffer.from(JSON.stringify([String(correlationId), text]));
const deserialize = (bytes: Buffer): Note => {
  const [id, text] = JSON.parse(bytes.toString()) as [string, string];
  return { correlationId: BigInt(id), text };
};
const codec = {
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
};
const serializeAll = (notes: Note[]): Buffer =>
  Buffer.from(JSON.stringify(notes.map((note) => String(serialize(note)))));
const deserializeAll = (bytes: Buffer): Note[] =>
  (JSON.parse(bytes.toString()) as string[]).map((note) => deserialize(Buffer.from(note)));
const serializeCalls = ({ calls }: Calls): Buffer => serializeAll(calls);
const deserializeAnswers = (bytes: Buffer): Answers => ({ answers: deserializeAll(bytes) });
const turns = {
  requestSerialize: serializeCalls,
  requestDeserialize: (bytes: Buffer): Calls => ({ calls: deserializeAll(bytes) }),
  responseSerialize: ({ answers }: Answers): Buffer => serializeAll(answers),
  responseDeserialize: deserializeAnswers,
};
const definition: ServiceDefinition = {
  session: { path: "/test.Echo/Session", requestStream: true, responseStream: true, ...turns },
  ask: { path: "/test.Echo/Ask", requestStream: false, responseStream: false, ...codec },
};

type NoteStream = ServerDuplexStream<Calls, Answers>;

/** The standing stream as a server sees it, one note at a time. */
export interface NoteSession {
  readonly stream: NoteStream;
  onNote(take: (note: Note) => void): void;
  write(note: Note): void;
}

const TOKEN = "the token of the test";

export async function startEcho(
  onSession: (session: NoteSession) => void,
  onAsk: (note: Note) => Promise<Note> = async (note) => note,
  port = 0,
  callers: readonly string[] = ["router"],
): Promise<RpcServer> {
  const digest = createHash("sha256").update(TOKEN).digest("hex");
  const accepted = parseAcceptedTokens(`router=${digest}`);
  const server = await serveRpc({ host: "127.0.0.1", port, accepted });
  const handlers = {
    session: (stream: NoteStream) => {
      stream.sendMetadata(tokenMetadata("hello"));
      stream.on("error", () => {});
      stream.on("end", () => stream.end());
      onSession({
        stream,
        onNote: (take) => void stream.on("data", ({ calls }: Calls) => calls.forEach(take)),
        write: (note) => void stream.write({ answers: [note] }),
      });
    },
    ask: unary(onAsk),
  };
  server.add(definition, handlers, callers);
  return server;
}

export function echoClient(port: number): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), SESSION_CLIENT_OPTIONS);
}

export function ask(client: Client, text: string, token = TOKEN): Promise<Note> {
  const note = { correlationId: 0n, text };
  const metadata = tokenMetadata(token);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest("/test.Echo/Ask", serialize, deserialize, note, metadata, (error, answer) =>
      error ? reject(error) : resolve(answer as Note),
    );
  });
}

export function openSession(
  client: Client,
  options: Partial<SessionOptions<Note, Note>> = {},
  token = TOKEN,
): Session<Note, Note> {
  return new Session<Note, Note>({
    open: () =>
      client.makeBidiStreamRequest("/test.Echo/Session", serializeCalls, deserializeAnswers, tokenMetadata(token)),
    reconnectMs: 20,
    ...options,
  });
}

test("notes survive their own codec", () => {
  const note = { correlationId: 2n ** 63n, text: "ü" };
  assert.deepEqual(deserialize(serialize(note)), note);
});
