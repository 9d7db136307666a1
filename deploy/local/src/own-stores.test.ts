import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutOwnStores } from "./own-stores.ts";

/** What dev.env exports, of a stack on port base 8600. */
const devEnv = {
  WAYBILL_URL: "http://127.0.0.1:8600",
  DATABASE_URL: "postgres://waybill:secret@127.0.0.1:8632/waybill",
  NATS_URL: "nats://127.0.0.1:8622",
  NATS_USER: "operator",
  NATS_PASSWORD: "secret",
};

const storesIn = (environment: NodeJS.ProcessEnv, portBase = 8600) =>
  Object.keys(withoutOwnStores(environment, portBase)).filter((name) => !name.startsWith("WAYBILL_"));

test("a loaded dev.env names no store but the launcher's own", () => {
  assert.deepEqual(storesIn(devEnv), []);
  assert.deepEqual(storesIn({ ...devEnv, WAYBILL_URL: undefined }), [], "known by the port alone");
});

test("a dev.env of another port base does not make a second stack a guest of the first", () => {
  assert.deepEqual(storesIn(devEnv, 9600), []);
  const { WAYBILL_URL: _, ...withoutGateway } = devEnv;
  assert.deepEqual(storesIn(withoutGateway, 9600), Object.keys(withoutGateway), "nothing says whose they are");
});

test("somebody else's stores stay, each for itself", () => {
  const theirs = { DATABASE_URL: "postgres://me@db.example:8632/x", NATS_URL: "nats://10.0.0.1:8622" };
  assert.deepEqual(withoutOwnStores(theirs, 8600), theirs);
  const otherPorts = { DATABASE_URL: "postgres://me@127.0.0.1:5432/x", NATS_URL: "nats://localhost:4222" };
  assert.deepEqual(withoutOwnStores(otherPorts, 8600), otherPorts);
  assert.deepEqual(storesIn({ ...devEnv, DATABASE_URL: otherPorts.DATABASE_URL }), ["DATABASE_URL"]);
  assert.deepEqual(storesIn({ ...devEnv, NATS_URL: theirs.NATS_URL }), ["NATS_URL", "NATS_USER", "NATS_PASSWORD"]);
});

test("what is no URL is left for the launcher to refuse", () => {
  const broken = { DATABASE_URL: "postgres://u:p@host:port/db", NATS_URL: "here", WAYBILL_URL: "there" };
  assert.deepEqual(withoutOwnStores(broken, 8600), broken);
});
