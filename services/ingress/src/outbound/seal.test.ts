import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "@waybill/service";
import { answerStore, makeSeal, NO_SEAL } from "./seal.ts";

const secret = new Secret(Buffer.alloc(32, 7).toString("base64"));

test("only its own organisation, with the same key, can open what was sealed", () => {
  const seal = makeSeal(secret);
  const sealed = seal.close("acme", Buffer.from("an answer"));
  assert.ok(!sealed.includes("answer"));
  assert.equal(makeSeal(secret).open("acme", sealed)?.toString(), "an answer");
  assert.equal(seal.open("globex", sealed), undefined);
  assert.equal(makeSeal(new Secret(Buffer.alloc(32, 8).toString("base64"))).open("acme", sealed), undefined);
  sealed[15] = (sealed[15] ?? 0) ^ 1;
  assert.equal(seal.open("acme", sealed), undefined);
  assert.equal(seal.open("acme", Buffer.alloc(3)), undefined);
});

test("on a disk a key is needed, and what is none is refused with what to do; in memory none is", () => {
  for (const bad of ["", "short", Buffer.alloc(31).toString("base64")]) {
    const config = { WAYBILL_ANSWERS_STORAGE: "file", WAYBILL_ANSWERS_KEY: new Secret(bad) } as const;
    assert.throws(() => answerStore(config), /WAYBILL_ANSWERS_KEY must be 32 bytes.*openssl/);
  }
  assert.equal(answerStore({ WAYBILL_ANSWERS_STORAGE: "memory", WAYBILL_ANSWERS_KEY: new Secret("") }).seal, NO_SEAL);
});
