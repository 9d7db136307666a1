// AccountService: keys for the ingress, and for operators and the console what they administer.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type {
  AccountServiceServer,
  FindAdminKeyRequest,
  FindAdminKeyResponse,
  FindKeyRequest,
  FindKeyResponse,
  ListAuditRequest,
  ListAuditResponse,
  ListKeysRequest,
  ListKeysResponse,
  ListOrganisationsRequest,
  ListOrganisationsResponse,
  ListTeamsRequest,
  ListTeamsResponse,
  RevokeKeyRequest,
  RevokeKeyResponse,
} from "@waybill/wire";
import type { AdminAccounts, By } from "../outbound/admin-accounts.ts";
import type { Accounts } from "../outbound/postgres-accounts.ts";

export interface AccountWorld {
  accounts: Accounts;
  admin: AdminAccounts;
  /** Tells every ingress; rejects when it could not be told. */
  tellRevoked(keyId: string): Promise<void>;
  onError(error: unknown): void;
}

/** What no key id of ours can be is not asked of the database. */
const KEY_ID = /^[A-Za-z0-9]{4,64}$/;
const NO_KEY = { publicMessage: "There is no such key." };
const AUDIT_PAGE_DEFAULT = 100;
const AUDIT_PAGE_MAX = 1_000;
const ACTOR_CHARACTERS_MAX = 128;
const REASON_CHARACTERS_MAX = 1_000;

export function accountHandlers({ accounts, admin, tellRevoked, onError }: AccountWorld): AccountServiceServer {
  return {
    findKey: unary(async ({ keyId }: FindKeyRequest): Promise<FindKeyResponse> => {
      const key = KEY_ID.test(keyId) ? await orUnavailable(accounts.findKey(keyId)) : undefined;
      if (!key) throw new WaybillError("not_found", NO_KEY);
      return { key };
    }, onError),

    listKeys: unary(async ({ organisationId }: ListKeysRequest): Promise<ListKeysResponse> => {
      return { keys: await orUnavailable(accounts.listKeys(organisationId)) };
    }, onError),

    revokeKey: unary(async ({ keyId, actor, reason }: RevokeKeyRequest): Promise<RevokeKeyResponse> => {
      const by = readBy(actor, reason);
      const revokedAtMs = KEY_ID.test(keyId) ? await orUnavailable(admin.revokeKey(keyId, by)) : undefined;
      if (revokedAtMs === undefined) throw new WaybillError("not_found", NO_KEY);
      // Committed first: what the bucket forgets is repaired from Postgres, never the other way round.
      await tellRevoked(keyId);
      return { revokedAtMs: BigInt(revokedAtMs) };
    }, onError),

    findAdminKey: unary(async ({ keyId }: FindAdminKeyRequest): Promise<FindAdminKeyResponse> => {
      const key = KEY_ID.test(keyId) ? await orUnavailable(admin.findAdminKey(keyId)) : undefined;
      if (!key) throw new WaybillError("not_found", NO_KEY);
      return { key };
    }, onError),

    listOrganisations: unary(async (_: ListOrganisationsRequest): Promise<ListOrganisationsResponse> => {
      return { organisations: await orUnavailable(admin.listOrganisations()) };
    }, onError),

    listTeams: unary(async ({ organisationId }: ListTeamsRequest): Promise<ListTeamsResponse> => {
      return { teams: await orUnavailable(admin.listTeams(organisationId)) };
    }, onError),

    listAccountAudit: unary(async (request: ListAuditRequest): Promise<ListAuditResponse> => {
      return { entries: await orUnavailable(admin.listAudit(readPage(request))) };
    }, onError),
  };
}

/** An operator's tool shows its token and names nobody. */
function readBy(actor: RevokeKeyRequest["actor"], reason: string): By {
  const { adminKeyId, name } = actor ?? { adminKeyId: "operator", name: "operator" };
  if ([adminKeyId, name].some((text) => text === "" || text.length > ACTOR_CHARACTERS_MAX || hasNul(text))) {
    throw new WaybillError("invalid_value", { publicMessage: "actor must have an id and a name.", param: "actor" });
  }
  if (reason.length > REASON_CHARACTERS_MAX || hasNul(reason)) {
    const publicMessage = `reason must be text of at most ${REASON_CHARACTERS_MAX} characters.`;
    throw new WaybillError("invalid_value", { publicMessage, param: "reason" });
  }
  return { actorId: adminKeyId, actorName: name, reason };
}

/** Postgres keeps every character but this one. */
function hasNul(text: string): boolean {
  return text.includes("\u0000");
}

function readPage({ beforeId, limit, organisationId }: ListAuditRequest): Parameters<AdminAccounts["listAudit"]>[0] {
  if (beforeId !== "" && !/^[0-9]{1,18}$/.test(beforeId)) {
    throw new WaybillError("invalid_value", { publicMessage: "before_id is the id of no entry.", param: "before_id" });
  }
  if (limit > AUDIT_PAGE_MAX) {
    const publicMessage = `limit must be at most ${AUDIT_PAGE_MAX}.`;
    throw new WaybillError("invalid_value", { publicMessage, param: "limit" });
  }
  return {
    beforeId: beforeId === "" ? undefined : BigInt(beforeId),
    limit: limit === 0 ? AUDIT_PAGE_DEFAULT : limit,
    organisationId,
  };
}

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new WaybillError("accounts_unavailable", { detail, cause: error });
  }
}
