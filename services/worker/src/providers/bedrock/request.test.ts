import assert from "node:assert/strict";
import { test } from "node:test";
import { Waybill } from "@waybill/wire";
import { awsCredentials, conversePath } from "./request.ts";

const call = { method: "POST", host: "h", path: "/", headers: [], body: new Uint8Array(), nowUnixMs: 0 } as const;
const at = (host: string, region = "") => ({ host, region, apiVersion: "" });
const KEYS = "AKIDEXAMPLEAKIDEX:wJalr/x+y";

function scopeOf(host: string, region = ""): string | undefined {
  const headers = awsCredentials(KEYS, at(host, region)).headers(call);
  return /Credential=[^/]+\/\d+\/([^,]+)/.exec(headers[headers.indexOf("authorization") + 1] ?? "")?.[1];
}

test("the model stands in the path, also an ARN", () => {
  const path = (upstreamModel: string, stream: boolean): string =>
    conversePath(Waybill.fromPartial({ stream, target: { provider: "p", model: "m", upstreamModel } }));
  assert.equal(path("anthropic.claude-v2:1", false), "/model/anthropic.claude-v2%3A1/converse");
  const arn = "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.x";
  const escaped = "arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Feu.x";
  assert.equal(path(arn, true), `/model/${escaped}/converse-stream`);
});

test("the region is the host's, or what the configuration says", () => {
  const scope = (region: string): string => `${region}/bedrock/aws4_request`;
  assert.equal(scopeOf("bedrock-runtime.eu-central-1.amazonaws.com"), scope("eu-central-1"));
  assert.equal(scopeOf("bedrock-runtime-fips.us-gov-west-1.amazonaws.com"), scope("us-gov-west-1"));
  assert.equal(scopeOf("vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com"), scope("us-east-1"));
  assert.equal(scopeOf("bedrock-runtime.cn-north-1.amazonaws.com.cn"), scope("cn-north-1"));
  assert.equal(scopeOf("models.example.com", "eu-west-3"), scope("eu-west-3"));
  assert.throws(() => awsCredentials(KEYS, at("models.example.com")), /set region in waybill\.yaml/);
});

test("keys, temporary keys, keys of Bedrock's own, and none; all of a secret is masked", () => {
  const host = at("bedrock-runtime.us-east-1.amazonaws.com");
  assert.deepEqual(awsCredentials(KEYS, host).secrets, ["AKIDEXAMPLEAKIDEX", "wJalr/x+y"]);
  const temporary = awsCredentials(`${KEYS}:token`, host);
  assert.equal(temporary.secrets.at(-1), "token");
  assert.ok(temporary.headers(call).includes("x-amz-security-token"));
  for (const key of ["bedrock-api-key-abc", "ABSKabc"]) {
    assert.deepEqual(awsCredentials(key).headers(call), ["authorization", `Bearer ${key}`]);
  }
  assert.deepEqual(awsCredentials("").headers(call), []);
});

test("another form is refused without a word of it", () => {
  for (const secret of ["sk-secret", "AKIDEXAMPLEAKIDEX", "short:secret", `${KEYS}:a:b`]) {
    assert.throws(
      () => awsCredentials(secret, at("bedrock-runtime.us-east-1.amazonaws.com")),
      (error: Error) => /ACCESS_KEY_ID:SECRET/.test(error.message) && !error.message.includes(secret),
    );
  }
});
