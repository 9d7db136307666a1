import assert from "node:assert/strict";
import { test } from "node:test";
import { scramVerifier } from "./scram-verifier.ts";

test("the example of RFC 7677 comes out as PostgreSQL stores it", () => {
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
  assert.equal(
    scramVerifier("pencil", salt),
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("two verifiers of one password differ: the salt is random", () => {
  assert.notEqual(scramVerifier("pencil"), scramVerifier("pencil"));
});

test("a password that would need SASLprep is refused", () => {
  assert.throws(() => scramVerifier("pässword"), /ASCII/);
  assert.throws(() => scramVerifier(""), /ASCII/);
});
