// How Anthropic is called. Headers: https://docs.anthropic.com/en/api/versioning and @anthropic-ai/sdk 0.120.0, client.ts.
import type { Waybill } from "@waybill/wire";
import type { Credentials } from "../provider.ts";

/** What the translated bodies are written for. A client of the Messages API says its own. */
const VERSION = "2023-06-01";

/** An API key as x-api-key. OAuth tokens, which begin with sk-ant-oat, go as bearer tokens. */
export function apiKey(secret: string): Credentials {
  const headers = secret.startsWith("sk-ant-oat")
    ? ["authorization", `Bearer ${secret}`]
    : secret === ""
      ? []
      : ["x-api-key", secret];
  return { headers: () => headers, secrets: secret === "" ? [] : [secret] };
}

/** The client's own version and betas where its bytes pass. */
export function versionHeaders({ surface, forwardedHeaders }: Waybill): string[] {
  const own = surface === "anthropic-messages" ? forwardedHeaders : {};
  const beta = own["anthropic-beta"];
  return ["anthropic-version", own["anthropic-version"] ?? VERSION, ...(beta ? ["anthropic-beta", beta] : [])];
}
