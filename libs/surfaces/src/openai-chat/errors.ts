// Errors in OpenAI's shape: {"error":{"message","type","param","code"}}, all four always there
// (openai/openai-openapi openapi.yaml, schema Error).
import type { WaybillError } from "@waybill/domain";

export interface OpenAiErrorBody {
  error: { message: string; type: string; param: string | null; code: string };
}

/** The body of an error answer. */
export function toErrorBody(error: WaybillError): OpenAiErrorBody {
  return {
    error: {
      message: error.publicMessage,
      type: error.entry.type,
      param: error.param ?? null,
      code: error.code,
    },
  };
}

/** An error inside a stream that has begun: the plain `data:` form that every official client raises. No [DONE] follows. */
export function toErrorEvent(error: WaybillError): string {
  return `data: ${JSON.stringify(toErrorBody(error))}\n\n`;
}
