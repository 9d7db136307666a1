// A gRPC server made small: every call but health is authenticated, messages are bounded, keepalive is allowed.
import { once } from "node:events";
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ERRORS, type ErrorCode, isErrorCode, WaybillError } from "@waybill/domain";
import { HealthState, healthService } from "./health.ts";
import { type AcceptedTokens, callerOf, UNAUTHENTICATED } from "./tokens.ts";

/** The largest message either side takes. Decisions and journals are kilobytes. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

export interface RpcServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  accepted: AcceptedTokens;
}

export interface RpcServer {
  readonly port: number;
  readonly health: HealthState;
  /** Adds a service whose handlers are called only for authenticated callers named in `callers` (empty: any). */
  add(definition: ServiceDefinition, handlers: UntypedServiceImplementation, callers: readonly string[]): void;
  /** Lets calls finish for `limitMs`, then cuts them. */
  stop(limitMs: number): Promise<void>;
}

/** Binds and serves. Services may be added at any time before their first call. */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const server = new Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 5_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc-node.max_session_memory": 256,
  });
  const health = new HealthState();
  server.addService(healthService, health.handlers());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.host}:${options.port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    health,
    add(definition, handlers, callers) {
      const guarded: UntypedServiceImplementation = {};
      for (const [name, handler] of Object.entries(handlers)) {
        const { requestStream = false, responseStream = false } = definition[name] ?? {};
        guarded[name] = guard(handler, requestStream || responseStream, options.accepted, callers);
      }
      server.addService(definition, guarded);
    },
    async stop(limitMs) {
      health.set(false);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, limitMs);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    },
  };
}

type Handler = UntypedServiceImplementation[string];

function guard(handler: Handler, isStream: boolean, accepted: AcceptedTokens, callers: readonly string[]): Handler {
  const allowed = (metadata: Metadata): boolean => {
    const caller = callerOf(metadata, accepted);
    return caller !== undefined && (callers.length === 0 || callers.includes(caller));
  };
  if (isStream) {
    const guarded: handleBidiStreamingCall<unknown, unknown> = (call) => {
      if (!allowed(call.metadata)) {
        call.emit("error", UNAUTHENTICATED);
        return;
      }
      // A session on the other side counts as open when the headers are here, and speaks only then.
      call.sendMetadata(new Metadata());
      (handler as typeof guarded)(call);
    };
    return guarded;
  }
  const guarded: handleUnaryCall<unknown, unknown> = (call, callback) => {
    if (allowed(call.metadata)) (handler as typeof guarded)(call, callback);
    else callback(UNAUTHENTICATED);
  };
  return guarded;
}

/** Trailing metadata of a refusal: the code of our catalogue, and the field at fault where there is one. */
const CODE_METADATA = "waybill-code";
const PARAM_METADATA = "waybill-param";

/** What `unary` said of a refusal besides its status. Undefined: whoever answered says nothing of the kind. */
export function refusalIn(metadata: Metadata | undefined): { code: ErrorCode; param: string | undefined } | undefined {
  const code = metadata?.get(CODE_METADATA)[0];
  if (typeof code !== "string" || !isErrorCode(code)) return undefined;
  const param = metadata?.get(PARAM_METADATA)[0];
  return { code, param: typeof param === "string" ? param : undefined };
}

/** A unary handler from an async function; a WaybillError becomes its gRPC status, anything else INTERNAL without detail. */
export function unary<Request, Response>(
  handle: (request: Request) => Promise<Response>,
  onError: (error: unknown) => void = () => {},
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(failureOf(thrown, onError)),
    );
  };
}

/**
 * A handler that answers with many messages, as fast as they are taken; errors as in `unary`. `signal` is aborted when the caller has
 * left: then nothing more is asked of the messages.
 */
export function streamed<Request, Response>(
  handle: (request: Request, signal: AbortSignal) => AsyncIterable<Response>,
  onError: (error: unknown) => void = () => {},
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const left = new AbortController();
    call.on("cancelled", () => left.abort());
    const send = async (): Promise<void> => {
      for await (const message of handle(call.request, left.signal)) {
        if (left.signal.aborted) return;
        if (!call.write(message)) await once(call, "drain", { signal: left.signal });
      }
    };
    send().then(
      () => call.end(),
      (thrown: unknown) => {
        if (!left.signal.aborted) call.emit("error", failureOf(thrown, onError));
      },
    );
  };
}

function failureOf(thrown: unknown, onError: (error: unknown) => void) {
  const error = WaybillError.from(thrown);
  if (error.code === "internal_error") onError(thrown);
  const metadata = new Metadata();
  metadata.set(CODE_METADATA, error.code);
  // Metadata takes plain text only; a field that a client named may be anything.
  if (error.param !== undefined && /^[\x20-\x7e]+$/.test(error.param)) metadata.set(PARAM_METADATA, error.param);
  return { code: ERRORS[error.code].grpcStatus ?? status.INTERNAL, details: error.publicMessage, metadata };
}
