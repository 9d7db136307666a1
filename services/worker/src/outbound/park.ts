// What cannot be understood goes to DEAD, for people. Only its size and its reason: it may hold a prompt, and DEAD is on disk.
import type { Publisher } from "@waybill/bus";
import { HEADERS, subjects } from "@waybill/wire";
import type { WorkMessage } from "../ports.ts";

const PUBLISH_WITHIN_MS = 2_000;

/** True when it is stored. */
export async function park(publisher: Publisher, message: WorkMessage, reason: string): Promise<boolean> {
  const outcome = await publisher.publish({
    subject: subjects.dead("worker"),
    data: new Uint8Array(0),
    id: `worker-work-${message.streamSequence}-${message.data.length}`,
    timeoutMs: PUBLISH_WITHIN_MS,
    headers: { [HEADERS.reason]: `${reason}: WORK message ${message.streamSequence} of ${message.data.length} bytes` },
  });
  return outcome.kind === "stored";
}
