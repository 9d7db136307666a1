// What was booked, asked of the ledgers over gRPC: of the first that answers.
import { plainCredentials, SESSION_CLIENT_OPTIONS, tokenMetadata } from "@waybill/rpc";
import type { Secret } from "@waybill/service";
import { LedgerServiceClient, ListEventsRequest, type ListEventsResponse } from "@waybill/wire";
import type { Batch, Follower } from "../tell-usage.ts";

const TIMEOUT_MS = 10_000;
/** Of one batch: entries that are looked at, also those of other organisations. */
const BATCH_ENTRIES = 500;

export interface LedgerEvents {
  /** Rejects where no ledger answers. */
  read(follower: Pick<Follower, "organisationId" | "place" | "fromMs">): Promise<Batch>;
  close(): void;
}

export function ledgerEvents(urls: readonly string[], token: Secret): LedgerEvents {
  const clients = urls.map((url) => new LedgerServiceClient(url, plainCredentials, SESSION_CLIENT_OPTIONS));
  const metadata = tokenMetadata(token.reveal());
  const ask = (client: LedgerServiceClient, request: ListEventsRequest): Promise<ListEventsResponse> =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + TIMEOUT_MS;
      client.listEvents(request, metadata, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  return {
    async read({ organisationId, place, fromMs }) {
      const asked = { organisationId, cursor: place, fromMs: BigInt(fromMs), limit: BATCH_ENTRIES };
      const request = ListEventsRequest.create(asked);
      let failure: unknown = new Error("there is no ledger to ask");
      for (const client of clients) {
        try {
          const { events, nextCursor, more } = await ask(client, request);
          return { events, next: nextCursor, more };
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}
