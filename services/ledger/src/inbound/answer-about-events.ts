// What was booked, page by page, as events: for who replays, and for webhooks.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import { type LedgerServiceServer, type ListEventsRequest, ListEventsResponse } from "@waybill/wire";
import { filterText, TIME_MS_MAX } from "../core/decision-row.ts";
import { cutEvents } from "../core/event-page.ts";
import { decodePosition, type EventPosition, encodePosition, positionAt } from "../core/event-position.ts";
import { type Queryable, readEntries } from "../outbound/booked-entries.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";

const LIMIT = 500;
const LIMIT_MAX = 1_000;

export function answerAboutEvents(books: Queryable, onError: OnError): Pick<LedgerServiceServer, "listEvents"> {
  const list = async (request: ListEventsRequest): Promise<ListEventsResponse> => {
    const organisationId = filterText(request.organisationId);
    const untilMs = request.untilMs === 0n ? undefined : time("until", request.untilMs);
    const limit = request.limit === 0 ? LIMIT : request.limit;
    if (limit > LIMIT_MAX) throw invalid("limit", `At most ${LIMIT_MAX} entries are looked at for one answer.`);
    const after = start(request);
    const page = await orUnavailable(readEntries(books, { after, untilMs, limit, organisationId }), onError);
    const { events, next, more } = cutEvents(page, limit);
    return ListEventsResponse.create({ events, nextCursor: encodePosition(next), more });
  };
  return { listEvents: unary(list, onError) };
}

function start({ cursor, fromMs }: ListEventsRequest): EventPosition {
  if (cursor === "") return positionAt(time("from", fromMs));
  const after = decodePosition(cursor);
  if (!after) throw invalid("cursor", "The cursor is not one of an answer before.");
  return after;
}

function time(param: string, unixMs: bigint): number {
  if (unixMs >= 0n && unixMs <= TIME_MS_MAX) return Number(unixMs);
  throw invalid(param, `${param} is no time.`);
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}
