// What an attempt has used when it is over, as far as its ingress hears.
import type { AttemptEvent } from "./attempt.ts";

/** Undefined: it goes on. `tokens`: input and output together; undefined: nobody knows. */
export function tokensUsed(event: AttemptEvent): { tokens: bigint | undefined } | undefined {
  switch (event.kind) {
    case "started":
    case "data":
      return undefined;
    case "finished": {
      const { usage } = event.frame;
      return { tokens: usage && usage.input + usage.output };
    }
    case "failed":
      return { tokens: event.frame.mayBeBilled ? undefined : 0n };
    case "unclaimed":
      return { tokens: 0n };
    default:
      return { tokens: undefined };
  }
}
