// Parks messages that can never be booked in DEAD, for people to look at and replay.
import { createHash } from "node:crypto";
import type { Publisher } from "@waybill/bus";
import { HEADERS, subjects } from "@waybill/wire";
import type { Park } from "../ports.ts";

const PUBLISH_TIMEOUT_MS = 5_000;
/** Reasons are our own words; a bound all the same, because headers count against the message size. */
const REASON_CHARS_MAX = 300;

/** Throws when DEAD did not confirm: then the message must not be acknowledged. */
export function parkInDead(publisher: Publisher): Park {
  return async ({ data, subject }, reason) => {
    const digest = createHash("sha256").update(subject).update("\n").update(data).digest("hex");
    const outcome = await publisher.publish({
      subject: subjects.dead("ledger"),
      data,
      id: `ledger-${digest}`,
      timeoutMs: PUBLISH_TIMEOUT_MS,
      headers: {
        [HEADERS.reason]: reason.replace(/[^\x20-\x7e]/g, " ").slice(0, REASON_CHARS_MAX),
        [HEADERS.subject]: subject,
      },
    });
    if (outcome.kind === "full") throw new Error("DEAD is full: look at it, replay or purge");
    if (outcome.kind === "unknown") throw new Error(`DEAD did not confirm: ${outcome.detail}`);
  };
}
