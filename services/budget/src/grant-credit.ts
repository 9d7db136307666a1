// THE STORY, ahead of need: a router asks for credit before it runs out, and gets a part of what is left.
import type { AskGrant, Granted, Impossible } from "./core/operation.ts";
import type { Writer } from "./ports.ts";

/** One group commit; an amount of 0 says: near the limit, place exact holds. Never refuses, never waits for others. */
export function grantCredit(writer: Writer, ask: AskGrant, deadlineMs: number): Promise<Granted | Impossible> {
  return writer.submit(ask, deadlineMs);
}
