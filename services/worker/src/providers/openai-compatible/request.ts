// How an OpenAI-compatible endpoint is called: with the key as a bearer token, or with none.
import type { Credentials } from "../provider.ts";

/** An empty secret sends nothing, as a server on one's own machine wants it. */
export function bearer(secret: string): Credentials {
  const headers = secret === "" ? [] : ["authorization", `Bearer ${secret}`];
  return { headers: () => headers, secrets: secret === "" ? [] : [secret] };
}
