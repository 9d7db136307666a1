// Budgets and audit entries of the wire as the admin API shows them.
import { formatUsd } from "@waybill/domain";
import { Budget, type BudgetWithStanding, Enforcement } from "@waybill/wire";
import type { z } from "zod";
import type { MergedEntry } from "../../core/merge-audit.ts";
import type * as schemas from "../schemas/accounts.ts";
import { isoTime } from "./iso-time.ts";

type BudgetJson = z.input<typeof schemas.budgetList>["budgets"][number];

export function budgetJson({ budget, standing, windowKind, windowSeconds }: BudgetWithStanding): BudgetJson {
  const { id, name, limitPicoUsd, enforcement, maxSharePercent, scope } = budget ?? Budget.create({});
  return {
    ...{ id, name, maxSharePercent },
    scope: scopeJson(scope),
    limitUsd: formatUsd(BigInt(limitPicoUsd || 0)),
    enforcement: ENFORCEMENTS[enforcement] ?? "hard",
    window: { kind: windowKind, seconds: windowSeconds === 0n ? null : Number(windowSeconds) },
    standing: standing ? standingJson(standing) : null,
  };
}

const ENFORCEMENTS: Readonly<Partial<Record<Enforcement, BudgetJson["enforcement"]>>> = {
  [Enforcement.HARD]: "hard",
  [Enforcement.SOFT]: "soft",
  [Enforcement.OBSERVE]: "observe",
};

function scopeJson(scope: Budget["scope"]): BudgetJson["scope"] {
  const { tagName = "", tagValue = "", ...fields } = scope ?? {};
  const named = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
  return { ...named, ...(tagName !== "" && { tag: { name: tagName, value: tagValue } }) };
}

function standingJson(standing: NonNullable<BudgetWithStanding["standing"]>): BudgetJson["standing"] {
  const [limit = 0n, posted = 0n, held = 0n, granted = 0n] = [
    standing.limitPicoUsd,
    standing.postedPicoUsd,
    standing.heldPicoUsd,
    standing.grantedPicoUsd,
  ].map((text) => BigInt(text || 0));
  return {
    spentUsd: formatUsd(posted),
    heldUsd: formatUsd(held),
    grantedUsd: formatUsd(granted),
    remainingUsd: formatUsd(limit - posted - held - granted),
    resetsAt: standing.resetsAt === "" ? null : standing.resetsAt,
  };
}

export function auditJson({ log, entry }: MergedEntry): z.input<typeof schemas.auditPage>["entries"][number] {
  const { id, atMs, actor, action, kind, name, version, reason, organisationId, beforeJson, afterJson } = entry;
  return {
    id: `${log}-${id}`,
    at: isoTime(atMs),
    actor: { adminKeyId: actor?.adminKeyId ?? "", name: actor?.name ?? "" },
    ...{ action, kind, name, reason, organisationId },
    version: version === 0 ? null : version,
    before: parsed(beforeJson),
    after: parsed(afterJson),
  };
}

function parsed(json: string): unknown {
  return json === "" ? null : JSON.parse(json);
}
