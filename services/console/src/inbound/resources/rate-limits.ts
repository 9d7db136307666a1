// Rate limits: saved and deleted by the budget service, checked beside the router's catalogue here, so that every problem is said at once.
import { type Clock, WaybillError } from "@waybill/domain";
import { DeleteRateLimitRequest, ListRateLimitsRequest, RateLimit, SaveRateLimitRequest } from "@waybill/wire";
import type { z } from "zod";
import type { Admin } from "../../core/access.ts";
import type { Owners } from "../../ports.ts";
import { problemsError } from "../answers.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/rate-limits.ts";
import { givenScope, nameOf, PER_FIELDS, scopeJson } from "../to-json/budget-json.ts";
import { scopeProblems } from "./budgets.ts";

const HERE = { tag: "budgets", dialect: "waybill" } as const;
const RATE_LIMITS = "/api/v1/rate-limits";
const RATE_LIMIT = `${RATE_LIMITS}/{id}`;
const REFUSED = "the rate limit cannot be saved as it is";

export function rateLimitEndpoints(owners: Owners, clock: Clock): AnyEndpoint[] {
  return [
    listRateLimits(owners),
    getRateLimit(owners),
    createRateLimit(owners, clock),
    replaceRateLimit(owners, clock),
    deleteRateLimit(owners),
  ];
}

const listRateLimits = (owners: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: RATE_LIMITS,
    id: "listRateLimits",
    summary: "Rate limits: how much may pass in a time",
    params: nothing,
    query: organisationQuery,
    body: noBody,
    answer: schemas.rateLimitList,
    handle: async ({ admin }) => ({ rateLimits: (await list(owners, admin)).map(rateLimitJson) }),
  });

const getRateLimit = (owners: Owners) =>
  endpoint({
    ...HERE,
    method: "GET",
    path: RATE_LIMIT,
    id: "getRateLimit",
    summary: "A rate limit",
    params: schemas.rateLimitParams,
    query: organisationQuery,
    body: noBody,
    answer: schemas.rateLimit,
    async handle({ admin, params: { id } }) {
      const found = (await list(owners, admin)).find((rateLimit) => rateLimit.id === id);
      if (!found) throw new WaybillError("not_found", { publicMessage: "There is no such rate limit." });
      return rateLimitJson(found);
    },
  });

const createRateLimit = (owners: Owners, clock: Clock) =>
  endpoint({
    ...HERE,
    method: "POST",
    path: RATE_LIMITS,
    id: "createRateLimit",
    summary: "Make a rate limit; it binds within a second",
    params: nothing,
    query: organisationQuery,
    body: schemas.createRateLimitBody,
    answer: schemas.savedRateLimit,
    status: 201,
    handle: ({ admin, body: { id, ...given } }) => save({ owners, clock, admin, id, isNew: true }, given),
  });

const replaceRateLimit = (owners: Owners, clock: Clock) =>
  endpoint({
    ...HERE,
    method: "PUT",
    path: RATE_LIMIT,
    id: "replaceRateLimit",
    summary: "Let a rate limit say something else, whole; it binds so within a second",
    description: "What is left out takes its default. Whose limit it is cannot change.",
    params: schemas.rateLimitParams,
    query: organisationQuery,
    body: schemas.replaceRateLimitBody,
    answer: schemas.savedRateLimit,
    handle: ({ admin, params: { id }, body }) => save({ owners, clock, admin, id, isNew: false }, body),
  });

const deleteRateLimit = ({ rateLimits }: Owners) =>
  endpoint({
    ...HERE,
    method: "DELETE",
    path: RATE_LIMIT,
    id: "deleteRateLimit",
    summary: "Take a rate limit away; it binds nobody within a second",
    params: schemas.rateLimitParams,
    query: schemas.deleteRateLimitQuery,
    body: noBody,
    answer: schemas.deletedRateLimit,
    async handle({ admin: { actor, organisationId }, params: { id }, query: { reason } }) {
      await rateLimits.deleteRateLimit(
        DeleteRateLimitRequest.create({ change: { actor, reason, organisationId }, id }),
      );
      return { id };
    },
  });

async function list({ rateLimits }: Owners, { organisationId }: Admin): Promise<RateLimit[]> {
  return (await rateLimits.listRateLimits(ListRateLimitsRequest.create({ organisationId }))).rateLimits;
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
  { reason, dryRun, scope, per, unit, amount, perSeconds, burst }: z.output<typeof schemas.replaceRateLimitBody>,
): Promise<z.input<typeof schemas.savedRateLimit>> {
  const rateLimit = RateLimit.create({
    ...{ id, unit, perSeconds: perSeconds ?? 0, amount: BigInt(amount), burst: BigInt(burst ?? 0) },
    scope: givenScope(scope, organisationId),
    per: per ? PER_FIELDS[per] : "",
  });
  const problems = await scopeProblems(owners.routing, clock, rateLimit.scope);
  const saved = await owners.rateLimits.saveRateLimit(
    SaveRateLimitRequest.create({
      ...{ rateLimit, isNew },
      change: { actor, reason, organisationId },
      // What is wrong here is only checked there.
      dryRun: dryRun || problems.length > 0,
    }),
  );
  const all = [...problems, ...saved.problems.map((problem) => ({ node: "", ...problem }))];
  if (all.length > 0) throw problemsError(all, REFUSED);
  const outcome = (["create", "update", "same"] as const).find((known) => known === saved.outcome);
  if (!saved.rateLimit || !outcome) throw new WaybillError("internal_error");
  return { rateLimit: rateLimitJson(saved.rateLimit), outcome, dryRun };
}

function unitOf({ unit }: RateLimit): "requests" | "tokens" | "concurrency" {
  return unit === "tokens" || unit === "concurrency" ? unit : "requests";
}

function rateLimitJson(wire: RateLimit): z.input<typeof schemas.rateLimit> {
  const { id, scope, per, amount, perSeconds, burst } = wire;
  return {
    ...{
      id,
      perSeconds: perSeconds || null,
      unit: unitOf(wire),
      amount: Number(amount),
      burst: Number(burst),
    },
    scope: scopeJson(scope),
    per: per === "" ? null : nameOf<keyof typeof PER_FIELDS, string>(PER_FIELDS, per, "userId"),
  };
}
