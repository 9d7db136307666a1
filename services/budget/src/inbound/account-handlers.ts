// AccountService, the part that looks: keys for the ingress, and for the console and operators what they administer.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import {
  type AccountServiceServer,
  KeySummary,
  type ListAuditRequest,
  ListKeysResponse,
  ListUsersResponse,
} from "@waybill/wire";
import type { AdminAccounts } from "../outbound/admin-accounts.ts";
import { isKeyId, noKey, orUnavailable } from "./account-answers.ts";
import { type AdministerWorld, administerHandlers } from "./administer-handlers.ts";

export interface AccountWorld extends AdministerWorld {
  admin: AdminAccounts;
}

const AUDIT_PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;
/** A message holds 4 MiB. */
const KEYS_BYTES_MAX = 2 * 1024 * 1024;

export function accountHandlers(world: AccountWorld): AccountServiceServer {
  const { accounts, admin, adminKeys, onError } = world;
  return {
    ...administerHandlers(world),

    findKey: unary(async ({ keyId }) => {
      const key = isKeyId(keyId) ? await orUnavailable(accounts.findKey(keyId)) : undefined;
      if (!key) throw noKey();
      return { key };
    }, onError),

    getKey: unary(async ({ keyId, organisationId }) => {
      const key = isKeyId(keyId) ? await orUnavailable(accounts.getKey(keyId, organisationId)) : undefined;
      if (!key) throw noKey();
      return key;
    }, onError),

    listKeys: unary(async ({ organisationId, teamId, userId, after, limit }) => {
      const most = pageOf(limit, PAGE_MAX);
      const found = await orUnavailable(accounts.listKeys({ organisationId, teamId, userId, after, limit: most }));
      const keys = withinBytes(found);
      const isLast = keys.length === found.length && found.length < most;
      return ListKeysResponse.create({ keys, nextAfter: isLast ? "" : (keys.at(-1)?.keyId ?? "") });
    }, onError),

    findAdminKey: unary(async ({ keyId }) => {
      const key = isKeyId(keyId) ? await orUnavailable(adminKeys.findAdminKey(keyId)) : undefined;
      if (!key) throw noKey();
      return { key };
    }, onError),

    listOrganisations: unary(async () => ({ organisations: await orUnavailable(admin.listOrganisations()) }), onError),

    listTeams: unary(
      async ({ organisationId }) => ({ teams: await orUnavailable(admin.listTeams(organisationId)) }),
      onError,
    ),

    listUsers: unary(async ({ organisationId, teamId, after, limit }) => {
      const most = pageOf(limit, PAGE_MAX);
      const [organisation = "", id = ""] = after.split("/");
      const place: [string, string] = [organisation, id];
      const users = await orUnavailable(admin.listUsers({ organisationId, teamId, after: place, limit: most }));
      const last = users.length < most ? undefined : users.at(-1);
      return ListUsersResponse.create({ users, nextAfter: last ? `${last.organisationId}/${last.id}` : "" });
    }, onError),

    listAccountAudit: unary(async (request) => {
      return { entries: await orUnavailable(admin.listAudit(readAuditPage(request))) };
    }, onError),
  };
}

/** At least the first, so that whoever reads on comes to an end. */
function withinBytes(keys: readonly KeySummary[]): KeySummary[] {
  let bytes = 0;
  const fitting = keys.findIndex((key, index) => {
    bytes += KeySummary.encode(key).finish().length;
    return index > 0 && bytes > KEYS_BYTES_MAX;
  });
  return keys.slice(0, fitting === -1 ? keys.length : fitting);
}

function pageOf(limit: number, fallback: number): number {
  if (limit > PAGE_MAX) {
    throw new WaybillError("invalid_value", { publicMessage: `limit must be at most ${PAGE_MAX}.`, param: "limit" });
  }
  return limit === 0 ? fallback : limit;
}

function readAuditPage({
  beforeId,
  limit,
  organisationId,
}: ListAuditRequest): Parameters<AdminAccounts["listAudit"]>[0] {
  if (beforeId !== "" && !/^[0-9]{1,18}$/.test(beforeId)) {
    throw new WaybillError("invalid_value", { publicMessage: "before_id is the id of no entry.", param: "before_id" });
  }
  return {
    beforeId: beforeId === "" ? undefined : BigInt(beforeId),
    limit: pageOf(limit, AUDIT_PAGE_DEFAULT),
    organisationId,
  };
}
