// A revocation through AccountService is everywhere within a second, and survives restarts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { plainCredentials, tokenMetadata } from "@waybill/rpc";
import { eventually } from "@waybill/testing";
import { AccountServiceClient } from "@waybill/wire";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
before(async () => {
  stack = await startStack({ replicas: { ingress: 2 } });
});
after(async () => {
  await stack[Symbol.asyncDispose]();
});

const revoke = (keyId: string, token: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const client = new AccountServiceClient(stack.budgetUrls[0] ?? "", plainCredentials);
    client.revokeKey({ keyId, actor: undefined, reason: "", organisationId: "" }, tokenMetadata(token), (error) => {
      client.close();
      if (error) reject(error);
      else resolve();
    });
  });

describe("revoking a key", () => {
  it("stops it on every ingress within a second, and other keys go on", async () => {
    const key = stack.keys.support_1 ?? "";
    for (const url of stack.urls) assert.equal((await ask(stack, { url, key })).status, 200);
    await assert.rejects(revoke(key.split("_")[1] ?? "", "not the operator's token"), /UNAUTHENTICATED/);
    await revoke(key.split("_")[1] ?? "", stack.operatorToken);
    await eventually(
      async () => {
        const answers = await Promise.all(stack.urls.map((url) => ask(stack, { url, key })));
        return answers.every(({ status }) => status === 401);
      },
      { timeoutMs: 1_000, reason: "the key is refused everywhere" },
    );
    assert.equal((await ask(stack, { key: stack.keys.support_2 })).status, 200);
  });

  it("holds for an ingress that starts later", async () => {
    const [old] = stack.of("ingress");
    assert.ok(old);
    await old.kill9();
    await stack.start("ingress", { inPlaceOf: old });
    assert.equal((await ask(stack, { key: stack.keys.support_1 })).status, 401);
  });
});
