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
const definition: ServiceDefinition = {
  session: { path: "/test.Echo/Session", requestStream: true, responseStream: true, ...codec },
  ask: { path: "/test.Echo/Ask", requestStream: false, responseStream: false, ...codec },
};

export type NoteStream = ServerDuplexStream<Note, Note>;

const TOKEN = "the token of the test";

export async function startEcho(
  onSession: (stream: NoteStream) => void,
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
      onSession(stream);
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
    open: () => client.makeBidiStreamRequest("/test.Echo/Session", serialize, deserialize, tokenMetadata(token)),
    reconnectMs: 20,
    ...options,
  });
}

test("notes survive their own codec", () => {
  const note = { correlationId: 2n ** 63n, text: "ü" };
  assert.deepEqual(deserialize(serialize(note)), note);
});
