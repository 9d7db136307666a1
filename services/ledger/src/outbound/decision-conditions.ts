// A filter of the decision list as SQL: only what is set becomes a condition, and every value a parameter.
import type { DecisionCursor } from "../core/decision-page.ts";

/** Every field that is set must match. */
export interface DecisionFilter {
  organisationId: string;
  teamId: string;
  route: string;
  provider: string;
  model: string;
  /** A code, or `any` for every refusal. */
  refusalCode: string;
  /** Unix milliseconds; 0: from the beginning, until now. */
  fromMs: number;
  untilMs: number;
  firstOnly: boolean;
}

export function decisionConditions(
  filter: DecisionFilter,
  after: DecisionCursor | undefined,
): { where: string; values: unknown[] } {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (condition: (parameter: string) => string, value: unknown): void => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  // An index may leave out rows without the value, and has to be told that they are not asked for.
  const same = (column: string, value: string): void => {
    if (value !== "") add((p) => `d.${column} = ${p} AND d.${column} <> ''`, value);
  };
  same("organisation_id", filter.organisationId);
  same("team_id", filter.teamId);
  same("route", filter.route);
  same("provider", filter.provider);
  same("model", filter.model);
  if (filter.refusalCode === "any") conditions.push("d.refusal_code <> ''");
  else same("refusal_code", filter.refusalCode);
  if (filter.fromMs > 0) add((p) => `d.decided_at >= to_timestamp(${p}::float8 / 1000)`, filter.fromMs);
  if (filter.untilMs > 0) add((p) => `d.decided_at < to_timestamp(${p}::float8 / 1000)`, filter.untilMs);
  if (filter.firstOnly) conditions.push("d.attempt = 1");
  if (after) {
    const row = [after.decidedAtMs, after.requestId, after.attempt];
    const [time, id, attempt] = row.map((_, index) => `$${values.length + index + 1}`);
    values.push(...row);
    const then = `(to_timestamp(${time}::float8 / 1000), ${id}::uuid, ${attempt}::smallint)`;
    conditions.push(`(d.decided_at, d.request_id, d.attempt) < ${then}`);
  }
  return { where: conditions.length === 0 ? "true" : conditions.join(" AND "), values };
}
