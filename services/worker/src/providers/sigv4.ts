// AWS Signature Version 4: proof of a secret key that covers one request and some minutes, without the key in it. Source:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac } from "node:crypto";
import type { SignedCall } from "./provider.ts";

export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary keys; empty: they are not. */
  sessionToken: string;
}

export interface Scope {
  region: string;
  /** The name that the service signs under, e.g. bedrock. */
  service: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Headers to be sent besides those that are on the call: names and values in turn. */
export function signV4(call: SignedCall, keys: AwsKeys, scope: Scope): string[] {
  const stamp = `${new Date(call.nowUnixMs).toISOString().replace(/[-:]|\.\d{3}/g, "")}`;
  const token = keys.sessionToken === "" ? [] : ["x-amz-security-token", keys.sessionToken];
  const own = ["x-amz-date", stamp, ...token];
  const covered = coveredHeaders(call, own);
  const names = covered.map(([name]) => name).join(";");
  const request = [
    call.method,
    ...canonicalPath(call.path),
    ...covered.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    sha256(call.body),
  ].join("\n");
  const day = stamp.slice(0, 8);
  const credentialScope = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const text = [ALGORITHM, stamp, credentialScope, sha256(request)].join("\n");
  const signature = hmac(signingKey(keys.secretAccessKey, day, scope), text).toString("hex");
  const credential = `${keys.accessKeyId}/${credentialScope}`;
  return [
    ...own,
    "authorization",
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  ];
}

function signingKey(secret: string, day: string, { region, service }: Scope): Buffer {
  return [day, region, service, "aws4_request"].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secret}`),
  );
}

/** The host, what the body is, and all of AWS's own; others may be changed on their way and are left out. */
function coveredHeaders({ host, headers }: SignedCall, own: readonly string[]): [name: string, value: string][] {
  const covered: [string, string][] = [["host", host]];
  const all = [...headers, ...own];
  for (let at = 0; at + 1 < all.length; at += 2) {
    const name = (all[at] ?? "").toLowerCase();
    if (name !== "content-type" && !name.startsWith("x-amz-")) continue;
    covered.push([name, (all[at + 1] ?? "").trim().replace(/ +/g, " ")]);
  }
  return covered.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Path and query. A path that is sent with escapes is escaped once more: only S3 does without. */
function canonicalPath(path: string): [path: string, query: string] {
  const [plain = "/", query = ""] = path.split("?");
  const parameters = query.split("&").filter((parameter) => parameter !== "");
  const sorted = parameters.map((each) => (each.includes("=") ? each : `${each}=`)).sort();
  return [plain.split("/").map(escapeUri).join("/"), sorted.join("&")];
}

/** As RFC 3986 wants it, which encodeURIComponent is not strict enough for. */
export function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
