import assert from "node:assert/strict";
import { test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { echoClient, type Note, type NoteSession, openSession, startEcho } from "./echo-service.test.ts";
import type { Session } from "./session.ts";

const STOP_MS = 200;

async function open(session: Session<Note, Note>): Promise<void> {
  for (let waited = 0; !session.isOpen; waited += 5) {
    assert.ok(waited < 5_000, "the session opens");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const asking = (session: Session<Note, Note>, text: string, deadlineMs = 5_000) =>
  session.ask((correlationId) => ({ correlationId, text }), deadlineMs);

test("answers find their questions in any order", async () => {
  const held: Note[] = [];
  const server = await startEcho((stream) => {
    stream.onNote((note) => {
      held.push(note);
      if (held.length === 3) for (const one of held.reverse()) stream.write({ ...one, text: `${one.text}!` });
    });
  });
  const client = echoClient(server.port);
  const session = openSession(client);
  await open(session);
  const outcomes = await Promise.all(["a", "b", "c"].map((text) => asking(session, text)));
  assert.deepEqual(
    outcomes.map((outcome) => outcome.kind === "answer" && outcome.answer.text),
    ["a!", "b!", "c!"],
  );
  session.stop();
  client.close();
  await server.stop(STOP_MS);
});

test("a stream that breaks leaves every open question unknown, and is opened anew by itself", async () => {
  const streams: NoteSession[] = [];
  const server = await startEcho((stream) => {
    streams.push(stream);
    if (streams.length > 1) stream.onNote((note) => stream.write(note));
  });
  const client = echoClient(server.port);
  const states: boolean[] = [];
  const session = openSession(client, { onState: (isOpen) => void states.push(isOpen) });
  await open(session);
  const outcomes = [asking(session, "a"), asking(session, "b")];
  streams[0]?.stream.emit("error", { code: status.UNAVAILABLE, details: "gone" });
  for (const outcome of await Promise.all(outcomes)) assert.equal(outcome.kind, "unknown");
  await open(session);
  assert.equal((await asking(session, "c")).kind, "answer");
  assert.deepEqual(states, [true, false, true]);
  session.stop();
  client.close();
  await server.stop(STOP_MS);
});

test("a deadline that passes leaves the question unknown; the late answer is nobody's", async () => {
  const server = await startEcho((stream) => {
    stream.onNote((note) => void setTimeout(() => stream.write(note), note.text === "slow" ? 100 : 0));
  });
  const client = echoClient(server.port);
  const session = openSession(client);
  await open(session);
  assert.equal((await asking(session, "slow", 20)).kind, "unknown");
  await new Promise((resolve) => setTimeout(resolve, 120));
  const next = await asking(session, "quick");
  assert.equal(next.kind === "answer" && next.answer.text, "quick");
  session.stop();
  client.close();
  await server.stop(STOP_MS);
});

test("no server: a question is refused at once, nothing queues up behind it", async () => {
  const server = await startEcho(() => {});
  const { port } = server;
  await server.stop(0);
  const client = echoClient(port);
  const session = openSession(client);
  const startedAtMs = performance.now();
  assert.equal((await asking(session, "a")).kind, "unavailable");
  assert.ok(performance.now() - startedAtMs < 100);
  session.stop();
  client.close();
});

test("a server that comes back is found again", async () => {
  const echo = (stream: NoteSession): void => {
    stream.onNote((note) => stream.write(note));
  };
  const first = await startEcho(echo);
  const client = echoClient(first.port);
  const session = openSession(client);
  await open(session);
  await first.stop(0);
  const second = await startEcho(echo, undefined, first.port);
  await open(session);
  assert.equal((await asking(session, "a")).kind, "answer");
  session.stop();
  client.close();
  await second.stop(STOP_MS);
});

test("pushes come through without a question; stop leaves what is open unknown", async () => {
  const pushed: string[] = [];
  const server = await startEcho((stream) => {
    stream.write({ correlationId: 0n, text: "news" });
  });
  const client = echoClient(server.port);
  const session = openSession(client, { onPush: ({ text }) => void pushed.push(text) });
  await open(session);
  const outcome = asking(session, "a");
  while (pushed.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(pushed, ["news"]);
  session.stop();
  assert.equal((await outcome).kind, "unknown");
  assert.equal((await asking(session, "b")).kind, "unavailable");
  client.close();
  await server.stop(STOP_MS);
});

test("a wrong token opens no session", async () => {
  let sessions = 0;
  const server = await startEcho(() => {
    sessions += 1;
  });
  const client = echoClient(server.port);
  let refused: Error | undefined;
  const onState = (_: boolean, error: Error | undefined): void => {
    refused ??= error;
  };
  const session = openSession(client, { onState }, "wrong");
  while (refused === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(refused.message, /UNAUTHENTICATED/);
  assert.ok(!session.isOpen);
  assert.equal(sessions, 0);
  session.stop();
  client.close();
  await server.stop(STOP_MS);
});

test("a server that says goodbye to everybody who comes is not asked in a circle", async () => {
  let streams = 0;
  const server = await startEcho(({ stream }) => {
    streams += 1;
    stream.sendMetadata(new Metadata());
    stream.end();
  });
  const client = echoClient(server.port);
  const session = openSession(client);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  session.stop();
  client.close();
  await server.stop(STOP_MS);
  assert.ok(streams >= 2 && streams < 60, `${streams} streams within a second`);
});
