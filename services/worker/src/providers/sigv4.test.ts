// Against three POSTs of AWS's published test suite (https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html), and
// against AWS's own signer on calls of Bedrock's.
import assert from "node:assert/strict";
import { createHash, createHmac, type Hmac } from "node:crypto";
import { test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { escapeUri, signV4 } from "./sigv4.ts";

const SUITE = {
  keys: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "" },
  scope: { region: "us-east-1", service: "service" },
  nowUnixMs: Date.parse("2015-08-30T12:36:00Z"),
};

function authorizationOf(headers: readonly string[]): string {
  return headers[headers.indexOf("authorization") + 1] ?? "";
}

test("AWS's published examples have the published signatures", () => {
  for (const [name, path, headers, body, signature] of PUBLISHED) {
    const call = { method: "POST", host: "example.amazonaws.com", path, headers, body: Buffer.from(body) } as const;
    const signed = signV4({ ...call, nowUnixMs: SUITE.nowUnixMs }, SUITE.keys, SUITE.scope);
    assert.match(authorizationOf(signed), new RegExp(`Signature=${signature}$`), name);
  }
});

const FORM = ["Content-Type", "application/x-www-form-urlencoded"];
const PUBLISHED: readonly [name: string, path: string, headers: string[], body: string, signature: string][] = [
  ["post-vanilla", "/", [], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  ["post-vanilla-query", "/?Param1=value1", [], "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"],
  [
    ...["post-x-www-form-urlencoded", "/"],
    FORM,
    ...["Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"],
  ] as [string, string, string[], string, string],
];

/** What AWS's signer needs of a hash. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as Uint8Array);
  }
  update(bytes: string | Uint8Array): void {
    this.#hash.update(bytes);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

test("a call of Bedrock's is signed as AWS's own signer signs it", async () => {
  const scope = { region: "eu-central-1", service: "bedrock" };
  const arbitraryCall = fc.record({
    model: fc.string({ minLength: 1, maxLength: 40 }).filter((name) => name !== "." && name !== ".."),
    body: fc.string({ maxLength: 200 }),
    sessionToken: fc.constantFrom("", "IQoJb3JpZ2luX2Vj/+=="),
    nowUnixMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1_000),
  });
  await fc.assert(
    fc.asyncProperty(arbitraryCall, async ({ model, body, sessionToken, nowUnixMs }) => {
      const host = "bedrock-runtime.eu-central-1.amazonaws.com";
      const path = `/model/${escapeUri(model)}/converse-stream`;
      const keys = { ...SUITE.keys, sessionToken };
      const headers = ["content-type", "application/json", "user-agent", "waybill", "x-request-id", "r.1"];
      const ours = signV4({ method: "POST", host, path, headers, body: Buffer.from(body), nowUnixMs }, keys, scope);
      const signer = new SignatureV4({
        ...{ ...scope, sha256: Sha256, applyChecksum: false },
        credentials: { ...SUITE.keys, ...(sessionToken !== "" && { sessionToken }) },
      });
      const theirs = await signer.sign(
        {
          ...{ method: "POST", protocol: "https:", hostname: host, path, body: Buffer.from(body) },
          headers: { host, "content-type": "application/json" },
        },
        { signingDate: new Date(nowUnixMs) },
      );
      assert.equal(authorizationOf(ours), theirs.headers.authorization);
    }),
    { numRuns: 50 },
  );
});
