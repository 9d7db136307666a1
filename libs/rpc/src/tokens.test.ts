import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Metadata } from "@grpc/grpc-js";
import { callerOf, parseAcceptedTokens, tokenMetadata } from "./tokens.ts";

const hash = (token: string): string => createHash("sha256").update(token).digest("hex");
const accepted = parseAcceptedTokens(`ingress=${hash("one")}, router=${hash("two")}`);

test("a token names its caller, any other text names nobody", () => {
  assert.equal(callerOf(tokenMetadata("one"), accepted), "ingress");
  assert.equal(callerOf(tokenMetadata("two"), accepted), "router");
  for (const wrong of ["", "three", hash("one"), "one ", "ONE"]) {
    assert.equal(callerOf(tokenMetadata(wrong), accepted), undefined, wrong);
  }
  assert.equal(callerOf(new Metadata(), accepted), undefined);
  const basic = new Metadata();
  basic.set("authorization", "Basic one");
  assert.equal(callerOf(basic, accepted), undefined);
});

test("nobody is accepted where no token is", () => {
  assert.equal(callerOf(tokenMetadata(""), parseAcceptedTokens("")), undefined);
});

test("a typing error never opens a door", () => {
  for (const text of ["ingress", "ingress=", `=${hash("one")}`, "ingress=one", `ingress=${hash("one").slice(1)}`]) {
    assert.throws(() => parseAcceptedTokens(text), /must be a list/, text);
  }
});
