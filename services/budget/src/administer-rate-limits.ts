// THE STORY of a rate limit as people change it: what is wanted is read -> alone, what is there is looked at -> every problem is found at
// once -> it is written together with its line in the audit log, and routers hear of it within a second.
import { WaybillError } from "@waybill/domain";
import type { RateLimit } from "@waybill/wire";
import type { BudgetBy } from "./administer-budgets.ts";
import type { Problem } from "./core/budget-rule.ts";
import { checkScope, type KnownNames } from "./core/check-scope.ts";
import { checkRateLimit, isSameRateLimit, type RateLimitRule, readRateLimit } from "./core/rate-limit-rule.ts";

/** What is looked at and written in one transaction, alone. */
interface RateLimitDesk {
  find(id: string): Promise<RateLimit | undefined>;
  /** Limits of the whole installation. */
  count(): Promise<number>;
  names(scope: RateLimitRule["scope"]): Promise<KnownNames>;
  save(rule: RateLimitRule, by: BudgetBy): Promise<void>;
  delete(id: string, by: BudgetBy): Promise<void>;
}

export interface RateLimitOffice {
  /** One at a time, over all processes. */
  alone<T>(work: (desk: RateLimitDesk) => Promise<T>): Promise<T>;
}

export interface WantedRateLimit {
  rateLimit: RateLimit;
  isNew: boolean;
  dryRun: boolean;
}

export interface SavedRateLimit {
  /** As it stands now, or would; undefined with problems. */
  rateLimit: RateLimit | undefined;
  outcome: "create" | "update" | "same" | "";
  problems: readonly Problem[];
}

/** Of one installation: routers are told all of them in one message. */
const RATE_LIMITS_MAX = 1_000;

/** Throws already_exists for a new limit whose id is taken, not_found for one that is to be replaced and is not there. */
export function saveRateLimit(office: RateLimitOffice, wanted: WantedRateLimit, by: BudgetBy): Promise<SavedRateLimit> {
  const rule = readRateLimit(wanted.rateLimit);
  return office.alone(async (desk) => {
    const found = await desk.find(rule.id);
    const present = found && isOf(by, found) ? found : undefined;
    if (!wanted.isNew && !present) throw noRateLimit();
    if (wanted.isNew && found) {
      const publicMessage = `There is a rate limit ${rule.id} already.`;
      throw new WaybillError("already_exists", { publicMessage, param: "id" });
    }
    const problems = [...checkRateLimit(rule), ...checkScope(rule, await desk.names(rule.scope))];
    if (by.organisationId !== "" && rule.scope.organisationId !== by.organisationId) {
      problems.push({ field: "scope.organisationId", problem: `must be ${by.organisationId}, for which this is done` });
    }
    if (present && present.scope?.organisationId !== rule.scope.organisationId) {
      problems.push({ field: "scope.organisationId", problem: "cannot change: make another limit" });
    }
    if (!present && (await desk.count()) >= RATE_LIMITS_MAX) {
      problems.push({
        field: "id",
        problem: `there are ${RATE_LIMITS_MAX} rate limits, which is the most: delete some`,
      });
    }
    if (problems.length > 0) return { rateLimit: undefined, outcome: "", problems };
    if (present && isSameRateLimit(rule, readRateLimit(present)))
      return { rateLimit: present, outcome: "same", problems };
    if (!wanted.dryRun) await desk.save(rule, by);
    const rateLimit = { ...wanted.rateLimit, burst: rule.burst };
    return { rateLimit, outcome: present ? "update" : "create", problems };
  });
}

/** Throws not_found. */
export function deleteRateLimit(office: RateLimitOffice, id: string, by: BudgetBy): Promise<void> {
  return office.alone(async (desk) => {
    const found = await desk.find(id);
    if (!found || !isOf(by, found)) throw noRateLimit();
    await desk.delete(id, by);
  });
}

/** Another organisation's limit is none at all. */
function isOf({ organisationId }: BudgetBy, { scope }: RateLimit): boolean {
  return organisationId === "" || scope?.organisationId === organisationId;
}

function noRateLimit(): WaybillError {
  return new WaybillError("not_found", { publicMessage: "There is no such rate limit." });
}
