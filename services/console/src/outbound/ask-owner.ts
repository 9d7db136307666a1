// Asking an owner over gRPC: the replicas in turn, with this service's token and a deadline; what is refused becomes an error of
// our catalogue.
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { refusalIn, tokenMetadata } from "@waybill/rpc";
import type { Secret } from "@waybill/service";
import type { Asked } from "../ports.ts";

/** What is used of every generated client. */
export interface OwnerClient {
  waitForReady(deadline: number, callback: (error?: Error) => void): void;
  close(): void;
}

export interface OwnerOptions<C> {
  clients: readonly C[];
  token: Secret;
  timeoutMs: number;
  /** What a client is told when none answers. */
  unavailable: { code: ErrorCode; publicMessage?: string };
}

interface Methods<R, W> {
  /** Change nothing, and may be asked again elsewhere when the answer is lost. */
  reads: readonly R[];
  changes: readonly W[];
}

export interface RpcFailure {
  code: number;
  details: string;
  metadata?: Parameters<typeof refusalIn>[0];
}

type Unary = (
  request: unknown,
  metadata: ReturnType<typeof tokenMetadata>,
  options: { deadline: number },
  callback: (error: RpcFailure | null, response: unknown) => void,
) => unknown;

/** A replica that does not answer by then is away. */
const CONNECT_MS = 1_000;
/** gRPC statuses. */
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  3: "invalid_value",
  5: "not_found",
  6: "already_exists",
  7: "permission_denied",
  9: "invalid_value",
  10: "version_conflict",
};

export function askOwner<C extends OwnerClient, R extends keyof C & string, W extends keyof C & string>(
  options: OwnerOptions<C>,
  { reads, changes }: Methods<R, W>,
): Asked<C, R | W> {
  const isRead = (method: string): boolean => (reads as readonly string[]).includes(method);
  // Who answered last is asked first, so that a dead replica costs its second once.
  const inOrder = [...options.clients];
  const askedLast = (client: C): void => void inOrder.unshift(...inOrder.splice(inOrder.indexOf(client), 1));
  const methods = [...reads, ...changes].map((method) => [
    method,
    (request: unknown) => askInTurn({ ...options, clients: [...inOrder] }, method, isRead(method), request, askedLast),
  ]);
  // Each name is one of the client's own, with its request and its answer.
  return Object.fromEntries(methods) as Asked<C, R | W>;
}

async function askInTurn<C extends OwnerClient>(
  { clients, token, timeoutMs, unavailable }: OwnerOptions<C>,
  method: keyof C,
  isRead: boolean,
  request: unknown,
  onAnswer: (client: C) => void,
): Promise<unknown> {
  const metadata = tokenMetadata(token.reveal());
  let failure: RpcFailure = { code: UNAVAILABLE, details: "none answers" };
  for (const client of clients) {
    if (!(await isThere(client))) continue;
    const answer = await new Promise<{ response: unknown } | RpcFailure>((resolve) => {
      const deadline = Date.now() + timeoutMs;
      // The generated client takes the request as an object and gives back another; both are typed in `Asked`.
      (client[method] as Unary).call(client, request, metadata, { deadline }, (error, response) =>
        resolve(error ?? { response }),
      );
    });
    if ("response" in answer) {
      onAnswer(client);
      return answer.response;
    }
    failure = answer;
    // A change that may have been made is not made again elsewhere.
    if (!isRead || failure.code !== UNAVAILABLE) break;
  }
  throw toWaybillError(failure, unavailable);
}

export function isThere(client: OwnerClient): Promise<boolean> {
  return new Promise((resolve) => client.waitForReady(Date.now() + CONNECT_MS, (error) => resolve(!error)));
}

/** A refusal of an owner carries its sentence and our code; of one that says no code, the status tells it. */
export function toWaybillError(
  { code, details, metadata }: RpcFailure,
  unavailable: OwnerOptions<never>["unavailable"],
): WaybillError {
  const said = refusalIn(metadata);
  if (said && said.code !== "internal_error") {
    return new WaybillError(said.code, {
      publicMessage: details,
      ...(said.param !== undefined && { param: said.param }),
    });
  }
  const byStatus = BY_STATUS[code];
  if (byStatus) return new WaybillError(byStatus, { publicMessage: details });
  const detail = `gRPC ${code}: ${details}`;
  if (code === UNAVAILABLE || code === DEADLINE_EXCEEDED) {
    const { code: away, ...sentence } = unavailable;
    return new WaybillError(away, { ...sentence, detail });
  }
  return new WaybillError("internal_error", { detail });
}
