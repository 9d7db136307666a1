// Budgets as their owner has them.
import { ListBudgetsRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import * as schemas from "../schemas/accounts.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import { budgetJson } from "../to-json/account-json.ts";

export function accountEndpoints({ budgets }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      tag: "accounts",
      area: "budgets",
      dialect: "waybill",
      method: "GET",
      path: "/api/v1/budgets",
      id: "listBudgets",
      summary: "Budgets and how each stands",
      params: nothing,
      query: organisationQuery,
      body: noBody,
      answer: schemas.budgetList,
      async handle({ admin: { organisationId } }) {
        const found = await budgets.listBudgets(ListBudgetsRequest.create({ organisationId }));
        return { budgets: found.budgets.map(budgetJson) };
      },
    }),
  ];
}
