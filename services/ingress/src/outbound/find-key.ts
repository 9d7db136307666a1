// The key's account, from the budget service, which owns accounts: unary gRPC, once per key.
import { WaybillError } from "@waybill/domain";
import { plainCredentials, SESSION_CLIENT_OPTIONS, tokenMetadata } from "@waybill/rpc";
import type { Secret, ServiceScope } from "@waybill/service";
import { AccountServiceClient, type VirtualKey } from "@waybill/wire";

/** gRPC NOT_FOUND. */
const NOT_FOUND = 5;
const DEADLINE_MS = 2_000;

export interface FindKey {
  /** Undefined: there is no such key. Throws WaybillError accounts_unavailable. */
  findKey(keyId: string): Promise<VirtualKey | undefined>;
}

/** Asks the budget services in turn until one answers. */
export function makeFindKey(budgetUrls: readonly string[], token: Secret, { onStop }: ServiceScope): FindKey {
  const clients = budgetUrls.map((url) => new AccountServiceClient(url, plainCredentials, SESSION_CLIENT_OPTIONS));
  const metadata = tokenMetadata(token.reveal());
  const askOne = (client: AccountServiceClient, keyId: string): Promise<VirtualKey | undefined> =>
    new Promise((resolve, reject) => {
      client.findKey({ keyId }, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, response) => {
        if (!error) resolve(response.key);
        else if (error.code === NOT_FOUND) resolve(undefined);
        else reject(error);
      });
    });
  onStop("accounts", () => {
    for (const client of clients) client.close();
  });
  return {
    async findKey(keyId) {
      let cause: unknown;
      for (const client of clients) {
        try {
          return await askOne(client, keyId);
        } catch (error) {
          cause = error;
        }
      }
      throw new WaybillError("accounts_unavailable", { cause });
    },
  };
}
