// BudgetAdminService: budgets as people save, raise, delete and verify them.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type {
  BudgetAdminServiceServer,
  BudgetChange,
  BudgetDifference,
  DeleteBudgetRequest,
  DeleteBudgetResponse,
  ListSettledRequest,
  ListSettledResponse,
  RaiseBudgetRequest,
  SaveBudgetRequest,
  SaveBudgetResponse,
  VerifyBudgetsRequest,
  VerifyBudgetsResponse,
} from "@waybill/wire";
import {
  type BudgetBy,
  type BudgetOffice,
  deleteBudget,
  raiseBudget,
  type Saved,
  saveBudget,
} from "../administer-budgets.ts";
import type { Difference } from "../core/check-books.ts";
import { toWireUnit } from "../outbound/to-wire-budget.ts";
import type { Verified } from "../outbound/verify-books.ts";

export interface BudgetAdminWorld {
  office: BudgetOffice;
  verify(which: { organisationId: string; budgetId: string }): Promise<Verified>;
  listSettled(request: ListSettledRequest): Promise<ListSettledResponse>;
  /** Calls back the credit that routers hold under what the budget said before; never rejects. */
  recall(budgetId: string): Promise<void>;
  onError(error: unknown): void;
}

const ACTOR_CHARACTERS_MAX = 128;
const REASON_CHARACTERS_MAX = 1_000;

export function budgetAdminHandlers({
  office,
  verify,
  listSettled,
  recall,
  onError,
}: BudgetAdminWorld): BudgetAdminServiceServer {
  return {
    saveBudget: unary(async ({ change, budget, ...wanted }: SaveBudgetRequest): Promise<SaveBudgetResponse> => {
      if (!budget) throw new WaybillError("invalid_value", { publicMessage: "budget must be set.", param: "budget" });
      const by = readBy(change);
      const saved = await orUnavailable(saveBudget(office, { budget, ...wanted }, by));
      if (saved.outcome === "update" && !wanted.dryRun) await recall(budget.id);
      return answer(saved);
    }, onError),

    deleteBudget: unary(async ({ change, id }: DeleteBudgetRequest): Promise<DeleteBudgetResponse> => {
      await orUnavailable(deleteBudget(office, id, readBy(change)));
      await recall(id);
      return {};
    }, onError),

    raiseBudget: unary(async ({ change, id, by, untilMs }: RaiseBudgetRequest): Promise<SaveBudgetResponse> => {
      const saved = await orUnavailable(raiseBudget(office, { id, amount: by, untilMs }, readBy(change)));
      if (saved.outcome === "raise") await recall(id);
      return answer(saved);
    }, onError),

    verifyBudgets: unary(async (which: VerifyBudgetsRequest): Promise<VerifyBudgetsResponse> => {
      if (hasNul(which.organisationId) || hasNul(which.budgetId)) {
        throw new WaybillError("not_found", { publicMessage: "There is no such budget." });
      }
      const { windows, attempts, differences, differenceCount } = await orUnavailable(verify(which));
      return {
        windows: BigInt(windows),
        attempts: BigInt(attempts),
        differences: differences.map(toWireDifference),
        differenceCount: BigInt(differenceCount),
      };
    }, onError),

    listSettled: unary((request: ListSettledRequest) => {
      if (hasNul(request.afterRequestId) || hasNul(request.untilRequestId)) {
        throw new WaybillError("invalid_value", {
          publicMessage: "That is no id of a request.",
          param: "after_request_id",
        });
      }
      return orUnavailable(listSettled(request));
    }, onError),
  };
}

function answer({ budget, outcome, problems }: Saved): SaveBudgetResponse {
  return { budget, outcome, problems: [...problems] };
}

/** An operator's tool shows its token and names nobody. */
export function readBy(change: BudgetChange | undefined): BudgetBy {
  const { adminKeyId, name } = change?.actor ?? { adminKeyId: "operator", name: "operator" };
  const { reason = "", organisationId = "" } = change ?? {};
  if ([adminKeyId, name].some((text) => text === "" || text.length > ACTOR_CHARACTERS_MAX || hasNul(text))) {
    throw new WaybillError("invalid_value", { publicMessage: "actor must have an id and a name.", param: "actor" });
  }
  if (reason.length > REASON_CHARACTERS_MAX || hasNul(reason)) {
    const publicMessage = `reason must be text of at most ${REASON_CHARACTERS_MAX} characters.`;
    throw new WaybillError("invalid_value", { publicMessage, param: "reason" });
  }
  return { actorId: adminKeyId, actorName: name, reason, organisationId };
}

/** Postgres keeps every character but this one. */
function hasNul(text: string): boolean {
  return text.includes("\u0000");
}

function toWireDifference(difference: Difference): BudgetDifference {
  const { budgetId, windowId, startsAtMs, what, attemptId, found, expected, unit } = difference;
  return {
    ...{ budgetId, windowId, what, attemptId },
    windowStartsAt: new Date(startsAtMs).toISOString(),
    found: String(found),
    expected: String(expected),
    unit: toWireUnit(unit),
  };
}

export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new WaybillError("budget_unavailable", { detail, cause: error });
  }
}
