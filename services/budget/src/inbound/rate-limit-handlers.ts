// RateLimitService: rate limits as people look at, save and delete them.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type {
  DeleteRateLimitRequest,
  DeleteRateLimitResponse,
  ListRateLimitsRequest,
  ListRateLimitsResponse,
  RateLimit,
  RateLimitServiceServer,
  SaveRateLimitRequest,
  SaveRateLimitResponse,
} from "@waybill/wire";
import { deleteRateLimit, type RateLimitOffice, saveRateLimit } from "../administer-rate-limits.ts";
import { orUnavailable, readBy } from "./budget-admin-handlers.ts";

export interface RateLimitWorld {
  office: RateLimitOffice;
  list(): Promise<RateLimit[]>;
  onError(error: unknown): void;
}

export function rateLimitHandlers({ office, list, onError }: RateLimitWorld): RateLimitServiceServer {
  return {
    listRateLimits: unary(async ({ organisationId }: ListRateLimitsRequest): Promise<ListRateLimitsResponse> => {
      const all = await orUnavailable(list());
      const isMeant = ({ scope }: RateLimit): boolean =>
        organisationId === "" || scope?.organisationId === organisationId;
      return { rateLimits: all.filter(isMeant) };
    }, onError),

    saveRateLimit: unary(async (request: SaveRateLimitRequest): Promise<SaveRateLimitResponse> => {
      const { change, rateLimit, isNew, dryRun } = request;
      if (!rateLimit) throw new WaybillError("invalid_value", { publicMessage: "rate_limit must be set." });
      const saved = await orUnavailable(saveRateLimit(office, { rateLimit, isNew, dryRun }, readBy(change)));
      return { rateLimit: saved.rateLimit, outcome: saved.outcome, problems: [...saved.problems] };
    }, onError),

    deleteRateLimit: unary(async ({ change, id }: DeleteRateLimitRequest): Promise<DeleteRateLimitResponse> => {
      await orUnavailable(deleteRateLimit(office, id, readBy(change)));
      return {};
    }, onError),
  };
}
