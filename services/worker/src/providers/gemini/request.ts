// How Google's Gemini API is called: the model stands in the path, the key in a header of its own.
// https://ai.google.dev/api/generate-content
import type { Waybill } from "@waybill/wire";
import type { Credentials } from "../provider.ts";

/** A model's resource name, e.g. models/gemini-2.5-flash or tunedModels/x; without a collection it is one of `models`. */
export function contentPath({ stream, target }: Waybill): string {
  const model = target?.upstreamModel ?? "";
  const name = (model.includes("/") ? model : `models/${model}`).split("/").map(encodeURIComponent).join("/");
  return `/${name}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`;
}

/** An empty secret sends nothing. */
export function googleKey(secret: string): Credentials {
  const headers = secret === "" ? [] : ["x-goog-api-key", secret];
  return { headers: () => headers, secrets: secret === "" ? [] : [secret] };
}
