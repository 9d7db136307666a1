// Rate limits for people.
import type { Scope } from "../api/budgets.ts";
import type { RateLimit } from "../api/rate-limits.ts";
import { formatTable } from "./table.ts";

export function rateLimitTable(limits: readonly RateLimit[]): string {
  return formatTable(
    ["rate limit", "of", "per", "amount", "unit", "seconds", "burst"],
    limits.map(({ id, scope, per, unit, amount, perSeconds, burst }) => [
      ...[id, scopeText(scope), per ?? "-", String(amount), unit, String(perSeconds ?? "-"), String(burst)],
    ]),
  );
}

function scopeText({ tag, ...fields }: Scope): string {
  const named = Object.entries(fields).map(([field, value]) => `${field.replace(/Id$/, "")} ${value}`);
  return [...named, ...(tag ? [`tag ${tag.name}=${tag.value}`] : [])].join(", ");
}
