// AccountService: keys for the ingress, and their revocation for operators.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type {
  AccountServiceServer,
  FindKeyRequest,
  FindKeyResponse,
  ListKeysRequest,
  ListKeysResponse,
  RevokeKeyRequest,
  RevokeKeyResponse,
} from "@waybill/wire";
import type { Accounts } from "../outbound/postgres-accounts.ts";

export interface AccountWorld {
  accounts: Accounts;
  /** Tells every ingress; rejects when it could not be told. */
  tellRevoked(keyId: string): Promise<void>;
  onError(error: unknown): void;
}

/** What no key id of ours can be is not asked of the database. */
const KEY_ID = /^[A-Za-z0-9]{4,64}$/;

export function accountHandlers({ accounts, tellRevoked, onError }: AccountWorld): AccountServiceServer {
  return {
    findKey: unary(async ({ keyId }: FindKeyRequest): Promise<FindKeyResponse> => {
      const key = KEY_ID.test(keyId) ? await orUnavailable(accounts.findKey(keyId)) : undefined;
      if (!key) throw new WaybillError("not_found", { publicMessage: "There is no such key." });
      return { key };
    }, onError),

    listKeys: unary(async ({ organisationId }: ListKeysRequest): Promise<ListKeysResponse> => {
      return { keys: await orUnavailable(accounts.listKeys(organisationId)) };
    }, onError),

    revokeKey: unary(async ({ keyId }: RevokeKeyRequest): Promise<RevokeKeyResponse> => {
      const revokedAtMs = KEY_ID.test(keyId) ? await orUnavailable(accounts.revokeKey(keyId)) : undefined;
      if (revokedAtMs === undefined) throw new WaybillError("not_found", { publicMessage: "There is no such key." });
      // Committed first: what the bucket forgets is repaired from Postgres, never the other way round.
      await tellRevoked(keyId);
      return { revokedAtMs: BigInt(revokedAtMs) };
    }, onError),
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
