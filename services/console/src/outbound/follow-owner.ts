// Asking an owner over gRPC for an answer that comes in parts and takes as long as it takes.
import { tokenMetadata } from "@waybill/rpc";
import { isThere, type OwnerClient, type OwnerOptions, type RpcFailure, toWaybillError } from "./ask-owner.ts";

/** What the generated clients give back. */
export interface Following<Update> extends AsyncIterable<Update> {
  cancel(): void;
}

/** The first replica that is there answers; nobody is asked again when it breaks off. Throws a WaybillError. */
export async function* followOwner<C extends OwnerClient, Update>(
  { clients, token, unavailable }: Pick<OwnerOptions<C>, "clients" | "token" | "unavailable">,
  open: (client: C, metadata: ReturnType<typeof tokenMetadata>) => Following<Update>,
  signal: AbortSignal,
): AsyncGenerator<Update> {
  for (const client of clients) {
    if (!(await isThere(client))) continue;
    const incoming = open(client, tokenMetadata(token.reveal()));
    const cancel = (): void => incoming.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      if (signal.aborted) cancel();
      yield* incoming;
    } catch (error) {
      throw toWaybillError(error as RpcFailure, unavailable);
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
    return;
  }
  throw toWaybillError({ code: 14, details: "none answers" }, unavailable);
}
