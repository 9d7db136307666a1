import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { ConfigError, integer, list, oneOf, readConfig, Secret, secret, text } from "./config.ts";

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
