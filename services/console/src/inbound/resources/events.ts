// What was booked, entry by entry, for programs of others: told by the ledger from the books.
import { ListEventsRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing } from "../schemas/basics.ts";
import * as schemas from "../schemas/events.ts";
import { msOf } from "./what-if.ts";

export function eventEndpoints({ ledger }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      tag: "books",
      dialect: "waybill",
      method: "GET",
      path: "/api/v1/events/usage",
      id: "listUsageEvents",
      summary: "What was booked, as CloudEvents, from any time on",
      description:
        "From the books: the same entry is the same event under the same id for ever. Whoever sums them has the books' sums.",
      params: nothing,
      query: schemas.eventsQuery,
      body: noBody,
      answer: schemas.eventPage,
      async handle({ admin: { organisationId }, query: { from, until, cursor, limit } }) {
        const asked = { organisationId, fromMs: msOf(from), untilMs: msOf(until), cursor, limit };
        const { events, nextCursor, more } = await ledger.listEvents(ListEventsRequest.create(asked));
        return { events: events.map((event) => JSON.parse(event)), nextCursor, more };
      },
    }),
  ];
}
