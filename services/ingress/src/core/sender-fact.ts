// What a route looks at of who sends a request, by the name that RoutePolicy gives it.
import type { DecideRequest } from "@waybill/wire";

const HEADERS = "headers.";

/** As something that JSON tells apart; null: this request has none. */
export function senderFact(
  name: string,
  headers: Readonly<Record<string, string>>,
  attribution: DecideRequest["attribution"],
): unknown {
  if (name === "headers") return Object.entries(headers).sort();
  if (name.startsWith(HEADERS)) {
    const header = name.slice(HEADERS.length);
    return Object.hasOwn(headers, header) ? headers[header] : null;
  }
  const { organisationId, teamId, userId, keyId, endUserId, tags = {} } = attribution ?? {};
  switch (name) {
    case "caller.organisation_id":
      return organisationId ?? null;
    case "caller.team_id":
      return teamId ?? null;
    case "caller.user_id":
      return userId ?? null;
    case "caller.key_id":
      return keyId ?? null;
    case "caller.end_user_id":
      return endUserId ?? null;
    case "caller.tags":
      return Object.entries(tags).sort();
    default:
      // All of the caller, or what a newer router knows and this ingress does not: better asked twice than mixed up.
      return [organisationId, teamId, userId, keyId, endUserId, Object.entries(tags).sort()];
  }
}
