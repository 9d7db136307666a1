// What is said between processes: messages, subjects, streams, permissions. The public face of the package.

export { fromWirePrice, fromWireUsage, toWirePrice } from "./from-wire.ts";
export {
  AccountServiceClient,
  type AccountServiceServer,
  AccountServiceService,
  FindKeyRequest,
  FindKeyResponse,
  KeySummary,
  ListKeysRequest,
  ListKeysResponse,
  RevokeKeyRequest,
  RevokeKeyResponse,
  VirtualKey,
} from "./gen/waybill/v1/accounts.ts";
export { Attribution } from "./gen/waybill/v1/attribution.ts";
export {
  AskGrant,
  Budget,
  BudgetAnswer,
  BudgetCall,
  BudgetList,
  BudgetScope,
  BudgetServiceClient,
  type BudgetServiceServer,
  BudgetServiceService,
  Enforcement,
  GetStandingRequest,
  GetStandingResponse,
  GrantAnswer,
  GrantClosing,
  GrantRecall,
  Hello,
  HoldAnswer,
  HoldAsk,
  Journal,
  JournalAck,
  JournaledAttempt,
  PlaceHold,
  Standing,
  StandingList,
} from "./gen/waybill/v1/budget.ts";
export { AliasConfig, ModelConfig, ProviderConfig, RouteConfig } from "./gen/waybill/v1/config.ts";
export { BudgetRefusal, Candidate, Decision, Refusal, Target, Timeouts } from "./gen/waybill/v1/decision.ts";
export { IngressAlive, ServedModel, WorkerHealth } from "./gen/waybill/v1/health.ts";
export { HoldLine, Price, PriceRates, PriceTier, TokenUsage } from "./gen/waybill/v1/money.ts";
export { Frame, FrameData, FrameFailed, FrameFinished, FrameStarted, Frames } from "./gen/waybill/v1/reply.ts";
export {
  DecideRequest,
  DecideResponse,
  Features,
  NextRequest,
  OpenAttempt,
  ReportOpenRequest,
  ReportOpenResponse,
  RouterAnswer,
  RouterCall,
  RouterServiceClient,
  type RouterServiceServer,
  RouterServiceService,
} from "./gen/waybill/v1/router.ts";
export { AttemptOutcome, RecordSource, TokenSource, UsageRecord } from "./gen/waybill/v1/usage.ts";
export {
  AttemptsRecorded,
  BodyChunk,
  BodyRequest,
  CancelAttempt,
  ClaimReplies,
  ClaimReply,
  ClaimRequest,
  ClaimRequests,
  ClaimVerdict,
  Evidence,
  FieldSpan,
  Waybill,
} from "./gen/waybill/v1/waybill.ts";
export { HEADERS } from "./headers.ts";
export { inboxPrefix, NATS_PERMISSIONS, type NatsPermissions } from "./permissions.ts";
export {
  ATTEMPTS_MAX,
  type OutcomeName,
  type ReadUsageRecord,
  readUsageRecord,
  type TokenSourceName,
  type UsageRecordReading,
} from "./read-usage-record.ts";
export {
  BUCKETS,
  type ConsumerDeclaration,
  STREAMS,
  type StreamDeclaration,
  usageConsumer,
  WORK_ACK_WAIT_MS,
  workConsumer,
} from "./streams.ts";
export { type ServiceName, SUBJECTS, type SubjectEntry, subjects } from "./subjects.ts";
