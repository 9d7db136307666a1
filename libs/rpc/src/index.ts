// grpc-js made small: serve, standing sessions, tokens, health. The only package besides libs/wire's output that imports it.
export type { ServerDuplexStream } from "@grpc/grpc-js";
export { HealthState } from "./health.ts";
export {
  MESSAGE_BYTES_MAX,
  type RpcServer,
  type RpcServerOptions,
  refusalIn,
  serveRpc,
  streamed,
  unary,
} from "./serve.ts";
export {
  plainCredentials,
  SESSION_CLIENT_OPTIONS,
  Session,
  type SessionOptions,
  type SessionOutcome,
} from "./session.ts";
export { type AcceptedTokens, callerOf, parseAcceptedTokens, tokenMetadata } from "./tokens.ts";
export { TurnWriter } from "./turn-writer.ts";
