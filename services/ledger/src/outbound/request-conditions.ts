// A filter of the log of requests as SQL: what must hold of an attempt, and of a request as a whole. Every value becomes a parameter.
import { filterText, sessionText } from "../core/decision-row.ts";
import type { RequestFilter } from "../core/request-filter.ts";
import { storable } from "../core/storable-text.ts";

/** The parameters of one statement. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Its place: "$1". */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** What is asked of a caller and what it asked for, and what is asked of an attempt. */
type CallerField =
  | "organisation"
  | "team"
  | "user"
  | "key"
  | "endUser"
  | "session"
  | "environment"
  | "tags"
  | "route"
  | "routeVersion"
  | "requestedModel";
type AttemptField = "provider" | "account" | "model" | "outcome" | "errorCode" | "finishReason";

/** Where fields stand in a kind of row; text of ours. What a kind of row does not have is NULL, which matches nothing. */
export interface RowColumns {
  columns: Readonly<Record<CallerField | AttemptField, string>>;
  /** A text as these rows keep it. */
  kept(text: string): string;
}

/** `e` is an entry, `a` its attribution and `r` its routing. */
export const ENTRY_ROWS: RowColumns = {
  columns: {
    ...{ organisation: "a.organisation_id", team: "a.team_id", user: "a.user_id", key: "a.key_id" },
    ...{ endUser: "e.end_user_id", session: "e.session", environment: "a.environment", tags: "e.tags" },
    ...{ route: "r.route", routeVersion: "r.route_version", requestedModel: "r.requested_model" },
    ...{ provider: "r.provider", account: "r.provider_account", model: "r.model", outcome: "e.outcome" },
    ...{ errorCode: "e.error_code", finishReason: "e.finish_reason" },
  },
  kept: storable,
};

/** `d` is a decision that refused, or of which nothing is booked yet. */
export const DECISION_ROWS: RowColumns = {
  columns: {
    ...{ organisation: "d.organisation_id", team: "d.team_id", user: "d.user_id", key: "d.key_id" },
    ...{ endUser: "d.end_user_id", session: "d.session", environment: "d.tags->>'environment'", tags: "d.tags" },
    ...{ route: "d.route", routeVersion: "d.route_version", requestedModel: "d.requested_model" },
    ...{ provider: "d.provider", account: "NULL::text", model: "d.model" },
    outcome: "CASE WHEN d.refusal_code = '' THEN 'pending' ELSE 'refused' END",
    ...{ errorCode: "d.refusal_code", finishReason: "NULL::text" },
  },
  kept: filterText,
};

/** What of the caller and its request must hold; "true" where nothing is asked. */
export function callerCondition(filter: RequestFilter, rows: RowColumns, parameters: Parameters): string {
  const { columns, kept } = rows;
  const { session, tags, routeVersion } = filter;
  const conditions = [
    ...same(columns.organisation, kept(filter.organisationId), parameters),
    ...same(columns.team, kept(filter.teamId), parameters),
    ...same(columns.user, kept(filter.userId), parameters),
    ...same(columns.key, kept(filter.keyId), parameters),
    ...same(columns.endUser, kept(filter.endUserId), parameters),
    ...same(columns.session, sessionText(kept(session)), parameters),
    ...same(columns.environment, kept(filter.environment), parameters),
    ...same(columns.route, kept(filter.route), parameters),
    ...same(columns.requestedModel, kept(filter.requestedModel), parameters),
  ];
  if (routeVersion > 0) conditions.push(`${columns.routeVersion} = ${parameters.add(routeVersion)}`);
  const asked = Object.entries(tags).map(([name, value]) => [kept(name), kept(value)]);
  if (asked.length > 0) {
    conditions.push(`${columns.tags} @> ${parameters.add(JSON.stringify(Object.fromEntries(asked)))}::jsonb`);
  }
  return all(conditions);
}

/** The same of an attempt. */
export function attemptCondition(filter: RequestFilter, { columns, kept }: RowColumns, parameters: Parameters): string {
  return all([
    ...same(columns.provider, kept(filter.provider), parameters),
    ...same(columns.account, kept(filter.account), parameters),
    ...same(columns.model, kept(filter.model), parameters),
    ...same(columns.outcome, filter.outcome, parameters),
    ...same(columns.errorCode, kept(filter.errorCode), parameters),
    ...same(columns.finishReason, kept(filter.finishReason), parameters),
  ]);
}

/**
 * What must hold of the rows of a request, each with: attempt, is_refused, refusal_code, is_callers and fits (the conditions above),
 * cost_usd, is_unpriced, suspect.
 */
export function requestCondition(filter: RequestFilter, parameters: Parameters): string {
  const { refusalCode, minCostUsd, anyAttempt } = filter;
  const conditions: string[] = [];
  if (isAsked(filter, callerCondition)) conditions.push("bool_or(is_callers)");
  if (isAsked(filter, attemptCondition)) {
    conditions.push(anyAttempt ? "bool_or(fits)" : `max(${ORDER}) FILTER (WHERE fits) = max(${ORDER})`);
  }
  if (refusalCode === "any") conditions.push("bool_or(is_refused)");
  else if (refusalCode !== "") conditions.push(`bool_or(refusal_code = ${parameters.add(filterText(refusalCode))})`);
  if (minCostUsd !== "") conditions.push(`sum(cost_usd) >= ${parameters.add(minCostUsd)}::numeric`);
  if (filter.unpriced) conditions.push("bool_or(is_unpriced)");
  if (filter.suspect) conditions.push("bool_or(suspect)");
  if (filter.fallbacks) conditions.push("count(*) FILTER (WHERE attempt > 0 AND NOT is_refused) > 1");
  if (filter.cached) conditions.push("bool_or(attempt = 0 AND NOT is_refused)");
  return all(conditions);
}

function isAsked(filter: RequestFilter, condition: typeof callerCondition): boolean {
  return condition(filter, ENTRY_ROWS, new Parameters()) !== "true";
}

/** The last attempt comes last; a refusal counts as one only where there is no other. */
const ORDER = "attempt + CASE WHEN is_refused THEN 0 ELSE 100000 END";

function same(column: string, value: string, parameters: Parameters): string[] {
  return value === "" ? [] : [`${column} = ${parameters.add(value)}`];
}

function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? "true" : conditions.join(" AND ");
}
