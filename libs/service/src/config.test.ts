import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  ConfigError,
  dashedName,
  hostPorts,
  integer,
  list,
  oneOf,
  readConfig,
  Secret,
  type Setting,
  secret,
  secretUrl,
  text,
  url,
} from "./config.ts";

const settings = {
  PORT: integer({ meaning: "Where to listen.", min: 1, max: 65_535 }),
  LEVEL: oneOf(["info", "warn"], { meaning: "How much to say.", fallback: "info" }),
  NAME: text({ meaning: "A name.", fallback: "" }),
  PEERS: list({ meaning: "Others.", fallback: "" }),
  PASSWORD: secret({ meaning: "A password." }),
};

test("a full environment is read with its types", () => {
  const config = readConfig(settings, { PORT: "80", LEVEL: "warn", NAME: "x", PEERS: " a , ,b", PASSWORD: "p" });
  assert.deepEqual([config.PORT, config.LEVEL, config.NAME, config.PEERS], [80, "warn", "x", ["a", "b"]]);
  assert.equal(config.PASSWORD.reveal(), "p");
});

test("absent and empty variables take the fallback", () => {
  const config = readConfig(settings, { PORT: "80", LEVEL: "", PASSWORD: "p" });
  assert.deepEqual([config.LEVEL, config.NAME, config.PEERS], ["info", "", []]);
});

test("all problems are told at once, each with what is meant", () => {
  try {
    readConfig(settings, { PORT: "70000", LEVEL: "loud" });
    assert.fail("must throw");
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.problems.length, 3);
    assert.match(error.message, /PORT must be a whole number from 1 to 65535 \(Where to listen\.\)/);
    assert.match(error.message, /LEVEL must be one of info, warn/);
    assert.match(error.message, /PASSWORD is required: A password\./);
  }
});

test("numbers are whole decimal numbers in their range", () => {
  for (const PORT of ["0", "1.5", "-1", "abc", "NaN", "1e9"]) {
    assert.throws(() => readConfig(settings, { PORT, PASSWORD: "p" }), ConfigError, PORT);
  }
});

test("a secret prints as ***, however it is printed", () => {
  const hidden = new Secret("hunter2");
  for (const shown of [
    String(hidden),
    `${hidden}`,
    JSON.stringify({ hidden }),
    inspect(hidden),
    inspect({ a: { hidden } }),
  ]) {
    assert.ok(!shown.includes("hunter2"), shown);
    assert.match(shown, /\*\*\*/);
  }
});

const read = <T>(X: Setting<T>, value?: string): T => readConfig({ X }, { X: value }).X;

test("an address is a URL with a host and one of its schemes", () => {
  const nats = url({ meaning: "A bus.", schemes: ["nats", "tls"] });
  for (const good of ["nats://127.0.0.1:4222", "tls://bus.example", "nats://[::1]:4222"]) {
    assert.equal(read(nats, good), good);
  }
  for (const bad of ["here", "host:4222", "http://127.0.0.1:4222", "nats://host:port", "nats:host", "nats://:4222"]) {
    assert.throws(() => read(nats, bad), /X must be a URL like nats:\/\/host or tls:\/\/host \(A bus\.\)/, bad);
  }
  const optional = url({ meaning: "A collector.", schemes: ["http"], fallback: "" });
  assert.equal(read(optional), "");
  assert.throws(() => read(optional, "collector:4318"), ConfigError);
});

test("an address with a password prints as ***, also when it is refused", () => {
  const database = secretUrl({ meaning: "Books.", schemes: ["postgres"] });
  const good = "postgres://me:hunter2@127.0.0.1/x";
  assert.equal(read(database, good).reveal(), good);
  assert.equal(String(read(database, good)), "***");
  for (const bad of ["postgres://me:hunter2@host:port/x", "mysql://me:hunter2@host/x", "postgres:///hunter2"]) {
    assert.throws(
      () => read(database, bad),
      (error: Error) => /X must be a URL like postgres:/.test(error.message) && !error.message.includes("hunter2"),
    );
  }
});

test("a list of addresses is host:port, every one", () => {
  const peers = hostPorts({ meaning: "Others." });
  const good = ["127.0.0.1:8610", "router-1.internal:1", "[::1]:65535"];
  assert.deepEqual(read(peers, good.join(" , ")), good);
  for (const bad of ["host", "host:", ":80", "host:0", "host:65536", "http://host:80", "a:1,b", "a:1 b:2", ","]) {
    assert.throws(() => read(peers, bad), /X must be addresses as host:port, comma separated/, bad);
  }
  assert.deepEqual(read(hostPorts({ meaning: "Others, if any.", fallback: "" })), []);
});

test("a name has letters, digits and dashes", () => {
  const name = dashedName({ meaning: "Who.", fallback: "" });
  assert.equal(read(name, "worker-2"), "worker-2");
  assert.equal(read(name), "");
  for (const bad of ["a.b", "a b", "a*", "ü", "a_b", ">", "x".repeat(101)]) {
    assert.throws(() => read(name, bad), /X must be letters, digits and dashes/, bad);
  }
});
