// Budgets: what they say and how each stands, saved, raised, deleted and verified by the budget service. What of a budget only the router
// knows is asked for here, so that every problem is said at once.
import { type Clock, WaybillError } from "@waybill/domain";
import {
  type Budget,
  type BudgetScope,
  BudgetUnit,
  DeleteBudgetRequest,
  Enforcement,
  ListBudgetsRequest,
  ListCatalogueRequest,
  RaiseBudgetRequest,
  SaveBudgetRequest,
  type SaveBudgetResponse,
  VerifyBudgetsRequest,
} from "@waybill/wire";
import type { z } from "zod";
import type { Admin } from "../../core/access.ts";
import { parseAmount, unitName } from "../../core/budget-amount.ts";
import { checkTargets } from "../../core/check-targets.ts";
import type { Problem } from "../../core/problem.ts";
import type { Owners } from "../../ports.ts";
import { type ProblemsError, problemsError } from "../answers.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/budgets.ts";
import { budgetJson, budgetWithStandingJson, differenceJson, givenBudget } from "../to-json/budget-json.ts";
import { priceNow } from "../to-json/model-json.ts";

const HERE = { tag: "budgets", dialect: "waybill" } as const;
const BUDGETS = "/api/v1/budgets";
const BUDGET = `${BUDGETS}/{id}`;
const REFUSED = "the budget cannot be saved as it is";

export function budgetEndpoints(owners: Owners, clock: Clock): AnyEndpoint[] {
  return [
    listBudgets(owners),
    getBudget(owners),
    createBudget(owners, clock),
    replaceBudget(owners, clock),
    deleteBudget(owners),
    raiseBudget(owners),
    verifyBudgets(owners),
  ];
}

const listBudgets = ({ budgets }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: BUDGETS,
    id: "listBudgets",
    summary: "Budgets and how each stands",
    params: nothing,
    query: organisationQuery,
    body: noBody,
    answer: schemas.budgetList,
    async handle({ admin: { organisationId } }) {
      const found = await budgets.listBudgets(ListBudgetsRequest.create({ organisationId }));
      return { budgets: found.budgets.map(budgetWithStandingJson) };
    },
  });

const getBudget = ({ budgets }: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: BUDGET,
    id: "getBudget",
    summary: "A budget and how it stands",
    params: schemas.budgetParams,
    query: organisationQuery,
    body: noBody,
    answer: schemas.budgetWithStanding,
    handle: async ({ admin, params: { id } }) => budgetWithStandingJson(await find(budgets, admin, id)),
  });

const createBudget = (owners: Owners, clock: Clock) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: BUDGETS,
    id: "createBudget",
    summary: "Make a budget; it binds within a second",
    params: nothing,
    query: organisationQuery,
    body: schemas.createBudgetBody,
    answer: schemas.savedBudget,
    status: 201,
    handle: ({ admin, body: { id, ...given } }) => save({ owners, clock, admin, id, isNew: true }, given),
  });

const replaceBudget = (owners: Owners, clock: Clock) =>
  endpoint({
    ...HERE,
    method: "PUT",
    path: BUDGET,
    id: "replaceBudget",
    summary: "Let a budget say something else, whole; it binds so within a second",
    description:
      "What is left out takes its default. What the budget counts (unit, per, organisation) cannot change; a raise stays.",
    params: schemas.budgetParams,
    query: organisationQuery,
    body: schemas.replaceBudgetBody,
    answer: schemas.savedBudget,
    handle: ({ admin, params: { id }, body }) => save({ owners, clock, admin, id, isNew: false }, body),
  });

const deleteBudget = ({ budgetAdmin }: Owners) =>
  endpoint({
    ...HERE,
    method: "DELETE",
    path: BUDGET,
    id: "deleteBudget",
    summary: "Take a budget away; it binds nobody within a second",
    params: schemas.budgetParams,
    query: schemas.deleteBudgetQuery,
    body: noBody,
    answer: schemas.deletedBudget,
    async handle({ admin: { actor, organisationId }, params: { id }, query: { reason } }) {
      const change = { actor, reason, organisationId };
      await budgetAdmin.deleteBudget(DeleteBudgetRequest.create({ change, id }));
      return { id };
    },
  });

const raiseBudget = ({ budgets, budgetAdmin }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${BUDGET}/raise`,
    id: "raiseBudget",
    area: "raises",
    summary: "Raise a budget's limit for a time, or end a raise",
    params: schemas.budgetParams,
    query: organisationQuery,
    body: schemas.raiseBody,
    answer: schemas.savedBudget,
    async handle({ admin, params: { id }, body: { by, until, reason } }) {
      const { actor, organisationId } = admin;
      const { budget } = await find(budgets, admin, id);
      const amount = parseAmount(unitName(budget?.unit ?? BudgetUnit.UNSPECIFIED), by);
      if (typeof amount === "string") throw refused([{ node: "", field: "by", problem: amount }]);
      if (amount > 0n && !until) throw refused([{ node: "", field: "until", problem: "must be said" }]);
      const raised = await budgetAdmin.raiseBudget(
        RaiseBudgetRequest.create({
          change: { actor, reason, organisationId },
          ...{ id, by: amount.toString(), untilMs: BigInt(until ? Date.parse(until) : 0) },
        }),
      );
      return savedJson(raised, [], false);
    },
  });

const verifyBudgets = ({ budgetAdmin }: Owners) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${BUDGETS}/verify`,
    id: "verifyBudgets",
    summary: "Recompute every counter from holds, grants and settled usage records, and say what differs",
    params: nothing,
    query: organisationQuery,
    body: schemas.verifyBody,
    answer: schemas.verified,
    async handle({ admin: { organisationId }, body }) {
      const found = await budgetAdmin.verifyBudgets(
        VerifyBudgetsRequest.create({ organisationId, budgetId: body?.budget ?? "" }),
      );
      return {
        windows: Number(found.windows),
        attempts: Number(found.attempts),
        differenceCount: Number(found.differenceCount),
        differences: found.differences.map(differenceJson),
      };
    },
  });

async function find(budgets: Owners["budgets"], { organisationId }: Admin, id: string) {
  const listed = await budgets.listBudgets(ListBudgetsRequest.create({ organisationId }));
  const found = listed.budgets.find(({ budget }) => budget?.id === id);
  if (!found) throw new WaybillError("not_found", { publicMessage: "There is no such budget." });
  return found;
}

interface Save {
  owners: Owners;
  clock: Clock;
  admin: Admin;
  id: string;
  isNew: boolean;
}

async function save(
  { owners, clock, admin: { actor, organisationId }, id, isNew }: Save,
  body: z.output<typeof schemas.replaceBudgetBody>,
): Promise<z.input<typeof schemas.savedBudget>> {
  const { reason, allowUnreachable, dryRun } = body;
  const { budget, problems: unreadable } = givenBudget(id, body, organisationId);
  const problems = [...unreadable, ...(await targetProblems(owners.routing, clock, budget))];
  const saved = await owners.budgetAdmin.saveBudget(
    SaveBudgetRequest.create({
      ...{ budget, isNew, allowUnreachable },
      change: { actor, reason, organisationId },
      // What is wrong here is only checked there.
      dryRun: dryRun || problems.length > 0,
    }),
  );
  // An amount that is none travels as 0, which is said once.
  const others = saved.problems.filter(({ field }) => !unreadable.some((known) => known.field === field));
  return savedJson({ ...saved, problems: others }, problems, dryRun);
}

function savedJson(
  { budget, outcome, problems }: SaveBudgetResponse,
  others: readonly Problem[],
  dryRun: boolean,
): z.input<typeof schemas.savedBudget> {
  const all = [...others, ...problems.map((problem) => ({ node: "", ...problem }))];
  const done = (["create", "update", "raise", "same"] as const).find((known) => known === outcome);
  if (all.length > 0) throw refused(all);
  if (!budget || !done) throw new WaybillError("internal_error");
  return { budget: budgetJson(budget), outcome: done, dryRun };
}

function refused(problems: readonly Problem[]): ProblemsError {
  return problemsError(problems, REFUSED);
}

function targetProblems(routing: Owners["routing"], clock: Clock, budget: Budget): Promise<Problem[]> {
  const isHardMoney = budget.unit === BudgetUnit.UNSPECIFIED && budget.enforcement === Enforcement.HARD;
  const hardLimit = isHardMoney && budget.limitPicoUsd !== "" ? BigInt(budget.limitPicoUsd) : undefined;
  return scopeProblems(routing, clock, budget.scope, hardLimit);
}

/** What only the router's catalogue can tell of a scope. `hardLimit` in pico-USD, where it is money and hard. */
export async function scopeProblems(
  routing: Owners["routing"],
  clock: Clock,
  scope: BudgetScope | undefined,
  hardLimit?: bigint,
): Promise<Problem[]> {
  const { organisationId = "", route = "", provider = "", model = "" } = scope ?? {};
  const { models } = await routing.listCatalogue(ListCatalogueRequest.create({}));
  const nowMs = clock.unixMs();
  const known = models.map((of) => ({ provider: of.provider, model: of.model, price: priceNow(of, nowMs) }));
  const hasRoute = route === "" || (await isRoute(routing, organisationId, route));
  return checkTargets({ route, provider, model, hardLimit }, hasRoute, known);
}

/** An organisation's own route, or one that is everyone's. */
async function isRoute(routing: Owners["routing"], organisationId: string, name: string): Promise<boolean> {
  for (const whose of new Set([organisationId, ""])) {
    try {
      await routing.getRoute({ organisationId: whose, id: "", name });
      return true;
    } catch (error) {
      if (!(error instanceof WaybillError) || (error.code !== "not_found" && error.code !== "invalid_value"))
        throw error;
    }
  }
  return false;
}
