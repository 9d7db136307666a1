// What was booked, as events, and how they are asked for.
import { z } from "zod";
import { isoTime, limit, organisation } from "./basics.ts";

/** As the ledger gives it: the time of booking, the request, its attempt, the entry. */
const CURSOR = /^\d{1,16}_[0-9a-f-]{36}_\d{1,4}_\d{1,4}$|^$/;

export const eventsQuery = z.strictObject({
  organisation: organisation.optional(),
  from: isoTime.optional().describe("Booked at or after; default: the first that is there"),
  until: isoTime.optional().describe("Booked before; default: now"),
  cursor: z
    .string()
    .regex(CURSOR, "is not one that we gave")
    .default("")
    .describe("As in the answer before; from is not looked at then"),
  limit: limit.describe("Most entries looked at, also those of other organisations"),
});
export const eventPage = z.object({
  events: z
    .array(z.record(z.string(), z.unknown()))
    .describe("CloudEvents in the order of booking: docs/events.md. A page may be empty although there is more"),
  nextCursor: z
    .string()
    .describe("Where the next page goes on; also at the end, where what is booked later will stand"),
  more: z.boolean().describe("false: nothing more is booked now, or before until"),
});
