// Errors of Responses: as OpenAI tells them anywhere, and inside a stream as response.failed.
import type { WaybillError } from "@waybill/domain";
import { toErrorBody } from "../openai-chat/errors.ts";
import { responseOf } from "./response.ts";

const NUMBER = '"sequence_number"';
/** Behind it: a colon, and what a writer of spaces puts around it. */
const NUMBER_CHARACTERS_MAX = 20;

/**
 * One event that fails loudly everywhere: OpenAI's SDK throws at data with an `error`, Codex looks for the type and `response.error`.
 * `shown`: the last bytes the client was shown, which the event's number follows.
 */
export function toFailedEvent(error: WaybillError, requestId: string, shown?: Uint8Array): string {
  const { error: said } = toErrorBody(error);
  const failed = responseOf({ id: requestId, model: "", createdUnixSeconds: 0, status: "failed", output: [] });
  const data = {
    type: "response.failed",
    sequence_number: numberAfter(shown),
    response: { ...failed, error: { code: said.code, message: said.message } },
    error: said,
  };
  return `event: response.failed\ndata: ${JSON.stringify(data)}\n\n`;
}

/** 0 where there is none to follow. */
function numberAfter(shown: Uint8Array | undefined): number {
  if (!shown) return 0;
  const bytes = Buffer.from(shown.buffer, shown.byteOffset, shown.length);
  const at = bytes.lastIndexOf(NUMBER);
  if (at < 0) return 0;
  const from = at + NUMBER.length;
  const [, digits] = /^ *: *(\d+)/.exec(bytes.toString("latin1", from, from + NUMBER_CHARACTERS_MAX)) ?? [];
  return digits === undefined ? 0 : Number(digits) + 1;
}
