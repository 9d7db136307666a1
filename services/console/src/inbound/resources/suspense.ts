// What lies in suspense because its price is unknown, and pricing anew: kept by the ledger.
import { formatUsd } from "@waybill/domain";
import { ListUnpricedRequest, RepriceRequest } from "@waybill/wire";
import type { z } from "zod";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/suspense.ts";
import { msOf } from "./what-if.ts";

const HERE = { tag: "books", dialect: "waybill" } as const;

type State = z.input<typeof schemas.unpricedList>["models"][number]["state"];

export function suspenseEndpoints({ ledger }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      method: "GET",
      path: "/api/v1/ledger/unpriced",
      id: "listUnpriced",
      summary: "Models whose attempts wait for a price",
      params: nothing,
      query: organisationQuery,
      body: noBody,
      answer: schemas.unpricedList,
      async handle({ admin: { organisationId } }) {
        const { models } = await ledger.listUnpriced(ListUnpricedRequest.create({ organisationId }));
        return {
          models: models.map(({ provider, model, attempts, inputTokens, outputTokens, firstDay, lastDay, state }) => ({
            model: `${provider}/${model}`,
            ...{ attempts: Number(attempts), inputTokens: Number(inputTokens), outputTokens: Number(outputTokens) },
            ...{ firstDay, lastDay, state: state as State },
          })),
        };
      },
    }),
    endpoint({
      ...HERE,
      method: "POST",
      path: "/api/v1/ledger/reprice",
      id: "reprice",
      summary: "Book attempts of a model anew at the prices that were in force when their requests came",
      description:
        "What has no price is priced by itself once there is one; this is for prices that were wrong. Corrections are booked a moment later, those of a closed month in the first open one.",
      isOfInstallation: true,
      params: nothing,
      query: nothing,
      body: schemas.repriceBody,
      answer: schemas.repriced,
      async handle({ admin: { actor }, body: { model: id, from, until, dryRun, reason, cursor } }) {
        const slash = id.indexOf("/");
        const [provider, model] = [id.slice(0, slash), id.slice(slash + 1)];
        const time = { fromMs: msOf(from), untilMs: until === undefined ? BigInt(Date.now()) : msOf(until) };
        const change = { actor, reason, organisationId: "" };
        const found = await ledger.reprice(RepriceRequest.create({ change, provider, model, ...time, dryRun, cursor }));
        return {
          ...{ looked: Number(found.looked), revised: Number(found.revised), arrived: Number(found.arrived) },
          beforeUsd: formatUsd(BigInt(found.beforePicoUsd)),
          afterUsd: formatUsd(BigInt(found.afterPicoUsd)),
          notRevised: Object.fromEntries(
            Object.entries(found.notRevised).flatMap(([why, count]) => (count > 0n ? [[why, Number(count)]] : [])),
          ),
          nextCursor: found.nextCursor === "" ? null : found.nextCursor,
        };
      },
    }),
  ];
}
