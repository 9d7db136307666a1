// What was spent, and the months in which it is booked: kept by the ledger.
import {
  CloseMonthRequest,
  GetSpendRequest,
  ListMonthsRequest,
  RebuildSumsRequest,
  VerifyBooksRequest,
} from "@waybill/wire";
import { compareBooks } from "../../compare-books.ts";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/books.ts";
import { monthJson, problemJson, spendJson } from "../to-json/books-json.ts";
import { msOf } from "./what-if.ts";

const HERE = { tag: "books", dialect: "waybill" } as const;
const MONTHS = "/api/v1/ledger/months";
const PROBLEMS_MAX = 1_000;

export function bookEndpoints(owners: Owners): AnyEndpoint[] {
  return [getSpend(owners), listMonths(owners), closeMonth(owners), rebuildSums(owners), verifyBooks(owners)];
}

const getSpend = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: "/api/v1/spend",
    id: "getSpend",
    summary: "What was spent, by anything",
    description:
      "From sums by hour and day, to which a call is added when it is booked; it costs the same however many there were.",
    params: nothing,
    query: schemas.spendQuery,
    body: noBody,
    answer: schemas.spend,
    async handle({ admin: { organisationId }, query }) {
      const { by: wanted, from, until, simulated, limit, organisation: _, ...conditions } = query;
      const by = wanted.split(",").filter((field) => field !== "");
      const where = Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== undefined));
      const asked = { organisationId, by, fromMs: msOf(from), untilMs: msOf(until), where, limit };
      return spendJson(
        by,
        await ledger.getSpend(GetSpendRequest.fromPartial({ ...asked, simulated: simulated === "true" })),
      );
    },
  });

const listMonths = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: MONTHS,
    id: "listMonths",
    summary: "The months of the books, and what is booked in each",
    params: nothing,
    query: organisationQuery,
    body: noBody,
    answer: schemas.monthList,
    async handle({ admin: { organisationId, isOfInstallation } }) {
      const { months } = await ledger.listMonths(ListMonthsRequest.create({ organisationId }));
      // Who runs the installation is no business of an organisation.
      return { months: months.map((month) => monthJson(isOfInstallation ? month : { ...month, closedBy: "" })) };
    },
  });

const closeMonth = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${MONTHS}/{month}/close`,
    id: "closeMonth",
    summary: "Close a month for ever",
    description: "What comes for it later is booked in the first month that is open. It cannot be opened again.",
    isOfInstallation: true,
    params: schemas.monthParams,
    query: nothing,
    body: schemas.closeBody,
    answer: schemas.booksMonth,
    async handle({ admin: { actor }, params: { month }, body: { reason, acceptUnpriced } }) {
      const change = { actor, reason, organisationId: "" };
      return monthJson(await ledger.closeMonth(CloseMonthRequest.create({ change, month, acceptUnpriced })));
    },
  });

const rebuildSums = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${MONTHS}/{month}/rebuild`,
    id: "rebuildSums",
    summary: "Make the sums by hour and day of a month anew from its entries",
    description: "Nothing is booked meanwhile; records wait on the bus.",
    isOfInstallation: true,
    params: schemas.monthParams,
    query: nothing,
    body: schemas.rebuildBody,
    answer: schemas.booksMonth,
    async handle({ admin: { actor }, params: { month }, body }) {
      const change = { actor, reason: body?.reason ?? "", organisationId: "" };
      return monthJson(await ledger.rebuildSums(RebuildSumsRequest.create({ change, month })));
    },
  });

const verifyBooks = ({ ledger, budgetAdmin }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: "/api/v1/ledger/verify",
    id: "verifyBooks",
    summary: "Look through the books for what must never be found",
    description:
      "Also compares the records of the last 30 days with those that the budget service settled, one by one.",
    isOfInstallation: true,
    params: nothing,
    query: nothing,
    body: schemas.verifyBody,
    answer: schemas.verified,
    async handle({ body }) {
      const [startedMs, nowMs] = [performance.now(), Date.now()];
      const found = await ledger.verifyBooks(VerifyBooksRequest.create({ month: body?.month ?? "" }));
      const times = { ...timesOf(body?.month, nowMs), nowMs, repair: body?.repair ?? false };
      const compared = await compareBooks({ ledger, budgetAdmin }, times);
      return {
        checkedMonths: Number(found.checkedMonths),
        entries: Number(found.entries),
        comparedRecords: compared.records,
        publishedAgain: compared.publishedAgain,
        tookMs: Math.round(performance.now() - startedMs),
        problemCount: Number(found.problemCount) + compared.problemCount,
        problems: [...found.problems, ...compared.problems].slice(0, PROBLEMS_MAX).map(problemJson),
      };
    },
  });

/** Of a month, "2026-11", or of everything until now. */
function timesOf(month: string | undefined, nowMs: number): { fromMs: number; untilMs: number } {
  if (month === undefined) return { fromMs: 0, untilMs: nowMs };
  const [year = 0, number = 0] = month.split("-").map(Number);
  return { fromMs: Date.UTC(year, number - 1), untilMs: Math.min(nowMs, Date.UTC(year, number)) };
}
