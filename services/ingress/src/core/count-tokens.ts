// How many input tokens a Messages request is about: the estimate that routing goes by. No provider is asked, so it is the same for
// every model, and nothing is charged.
import { readMessagesToCount } from "@waybill/surfaces";

/** Throws WaybillError that names the first field at fault. */
export function countTokens(body: Buffer): number {
  return Math.max(1, readMessagesToCount(body).size.estimatedTokens);
}
