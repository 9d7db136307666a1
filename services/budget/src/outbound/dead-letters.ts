// Parks messages that can never be settled in DEAD, for people to look at and replay.
import { createHash } from "node:crypto";
import type { Publisher } from "@waybill/bus";
import { HEADERS, subjects } from "@waybill/wire";
import type { Park } from "../ports.ts";

const PUBLISH_TIMEOUT_MS = 5_000;
/** Headers count against the message size. */
const REASON_CHARS_MAX = 300;

export function parkInDead(publisher: Publisher, onParked: (reason: string) => void): Park {
  return async ({ data, subject }, reason) => {
    const digest = createHash("sha256").update(subject).update("\n").update(data).digest("hex");
    const outcome = await publisher.publish({
      subject: subjects.dead("budget"),
      data,
      id: `budget-${digest}`,
      timeoutMs: PUBLISH_TIMEOUT_MS,
      headers: {
        [HEADERS.reason]: reason.replace(/[^\x20-\x7e]/g, " ").slice(0, REASON_CHARS_MAX),
        [HEADERS.subject]: subject,
      },
    });
    if (outcome.kind !== "stored") return false;
    onParked(reason);
    return true;
  };
}
