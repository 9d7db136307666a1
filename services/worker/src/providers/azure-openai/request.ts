// How Azure OpenAI is called. https://learn.microsoft.com/azure/ai-foundry/openai/reference and .../api-version-lifecycle
import type { Waybill } from "@waybill/wire";
import type { Credentials } from "../provider.ts";

/** A token of Microsoft Entra ID is a JSON Web Token; no key begins so. */
const ENTRA_TOKEN = /^eyJ/;

/**
 * Where an operation of OpenAI's, e.g. /chat/completions, is on Azure: under /openai/v1, or with a dated API version under the
 * deployment, which the model's name is.
 */
export function azurePath(operation: string, apiVersion: string): (waybill: Waybill) => string {
  if (apiVersion === "") return () => `/openai/v1${operation}`;
  const query = `?api-version=${encodeURIComponent(apiVersion)}`;
  return ({ target }) => `/openai/deployments/${encodeURIComponent(target?.upstreamModel ?? "")}${operation}${query}`;
}

export function azureKey(secret: string): Credentials {
  const header = ENTRA_TOKEN.test(secret) ? ["authorization", `Bearer ${secret}`] : ["api-key", secret];
  const headers = secret === "" ? [] : header;
  return { headers: () => headers, secrets: secret === "" ? [] : [secret] };
}
