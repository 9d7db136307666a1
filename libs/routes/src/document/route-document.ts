// A route as it is written and kept: a graph of nodes, without its name and version. What the kinds mean is in docs/routes.md.

export interface RouteDocument {
  nodes: RouteNode[];
}

/** `pool` (replicas of a self-hosted model) has its place beside these: a kind here, a reader, a case in link and walk. */
export type RouteNode = StartNode | IfNode | SplitNode | LimitNode | ModelNode | AutoNode | EndNode;
export type NodeKind = RouteNode["kind"];

interface NodeBase {
  /** 1 to 64 letters, digits, - or _; unique in the document. */
  id: string;
}

/** What belongs to the whole route stands here, too. */
export interface StartNode extends NodeBase {
  kind: "start";
  next: string;
  /** Absent: an answer serves nobody but who asked for it. */
  cache?: RouteCache;
  /** Ids of content filters, besides those that apply to every request; absent: none. */
  filters?: readonly string[];
}

export const ROUTE_FILTERS_MAX = 20;

/** Whole answers are kept, and given to who asks exactly the same. */
export interface RouteCache {
  /** 1 to CACHE_TTL_SECONDS_MAX. */
  ttlSeconds: number;
  scope: CacheScope;
}

/** Who shares answers: those of one virtual key, of one team, or of the organisation. Never two organisations. */
export const CACHE_SCOPES = ["key", "team", "organisation"] as const;
export type CacheScope = (typeof CACHE_SCOPES)[number];
export const DEFAULT_CACHE_SCOPE: CacheScope = "team";
export const CACHE_TTL_SECONDS_MAX = 86_400;

export interface IfNode extends NodeBase {
  kind: "if";
  /** CEL as text, or Cloudflare's Mongo-like object. Kept as it was written. */
  condition: string | Record<string, unknown>;
  // Named for what they are: a property called `then` would make the node look like a promise.
  whenTrue: string;
  whenFalse: string;
}

export interface SplitNode extends NodeBase {
  kind: "split";
  /** 1 to SHARES_MAX; percents have at most two decimals and sum to 100. */
  shares: SplitShare[];
  /** `random`, or a key (see isKey): the same value of the key always goes the same way. */
  by: string;
}

export interface SplitShare {
  percent: number;
  next: string;
}

export interface LimitNode extends NodeBase {
  kind: "limit";
  metric: "cost" | "count" | "tokens";
  /** Decimal text: USD for `cost`, a whole number for the others. */
  amount: string;
  window: LimitWindow;
  /** `route`: one counter for all; or a key (see isKey): one counter for each of its values. */
  key: string;
  /** Where to go while the limit is not reached. All attempts below count. */
  within: string;
  exceeded: string;
}

export type LimitWindow =
  /** Aligned to 1970. */
  | { kind: "fixed"; seconds: number }
  /** UTC. */
  | { kind: "calendar"; period: CalendarPeriod }
  | { kind: "total" };
export type CalendarPeriod = "day" | "week" | "month" | "quarter" | "year";

/** What a node allows its attempts. */
export interface AttemptPolicy {
  /** Further attempts at the same model after a failure that may be over; 0 to RETRIES_MAX. */
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly backoff: Backoff;
  /** Those that are absent: the router's own. */
  readonly timeouts: NodeTimeouts;
  /** Failures after which another model is tried; others are the answer. */
  readonly fallbackOn: readonly FailureClass[];
  /** Absent: the first content of a stream goes to the client at once, and there is no fallback after it. */
  readonly commitAfter?: CommitAfter;
}

/**
 * How much of a stream is held back, so that a failure meanwhile can still lead to a fallback: until the first of the two is
 * reached. Tokens are counted as events of the stream.
 */
export interface CommitAfter {
  /** Milliseconds from the first content; 1 to COMMIT_MS_MAX. */
  ms?: number;
  /** 1 to COMMIT_TOKENS_MAX. */
  tokens?: number;
}

/** A node that makes provider calls. */
interface CallingNode extends NodeBase, AttemptPolicy {
  /** An end. */
  next: string;
  /** Where to go on when no model here can serve or all have failed; undefined: nowhere. */
  fallback: string | undefined;
}

export interface ModelNode extends CallingNode {
  kind: "model";
  /** Any name a client could use for one model: <provider>/<model>, an alias, a unique bare name. */
  model: string;
}

export interface NodeTimeouts {
  connectMs?: number;
  firstTokenMs?: number;
  gapMs?: number;
  totalMs?: number;
}

export const BACKOFFS = ["constant", "linear", "exponential"] as const;
export type Backoff = (typeof BACKOFFS)[number];

/**
 * `error`: unreachable, 5xx, refused credentials, a cut or unreadable answer. `timeout`: no connection, no first token, a gap,
 * or too long in all. `rate_limited`: 429.
 */
export const FAILURE_CLASSES = ["error", "timeout", "rate_limited", "context_too_long", "content_filter"] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];
/** What a node falls back on unless it says otherwise: a content filter's answer is an answer. */
export const DEFAULT_FALLBACK_ON: readonly FailureClass[] = ["error", "timeout", "rate_limited", "context_too_long"];

/** Falls back on the next best of its models before it goes on. */
export interface AutoNode extends CallingNode {
  kind: "auto";
  mode: AutoMode;
  /** How far below the best predicted quality a model may be, in percent of it; absent: the mode's own. */
  bandPercent: number | undefined;
  /** Names of models to choose from; empty: every model the key may use. */
  models: readonly string[];
  affinity: Affinity;
  /** Models whose usual time to the first token is longer are not considered; absent: all. */
  firstTokenMsMax: number | undefined;
}

export const AUTO_MODES = ["quality", "balanced", "cost"] as const;
export type AutoMode = (typeof AUTO_MODES)[number];
export const AFFINITIES = ["adaptive", "sticky", "none"] as const;
export type Affinity = (typeof AFFINITIES)[number];

export interface EndNode extends NodeBase {
  kind: "end";
}

/** A problem of a route document. `node` is empty where it belongs to the whole. */
export interface RouteProblem {
  node: string;
  field: string;
  problem: string;
}

export const NODES_MAX = 500;
/** Of a document as JSON text. */
export const DOCUMENT_BYTES_MAX = 256 * 1024;
export const SHARES_MAX = 16;
export const RETRIES_MAX = 5;
export const RETRY_DELAY_MS_MAX = 5_000;
export const AUTO_MODELS_MAX = 100;
export const TIMEOUT_MS_MAX = 3_600_000;
export const COMMIT_MS_MAX = 30_000;
export const COMMIT_TOKENS_MAX = 1_000;

const KEY =
  /^(?:session|metadata\.[A-Za-z0-9_-]{1,64}|headers\.[a-z0-9-]{1,64}|caller\.(?:organisation_id|team_id|user_id|key_id|end_user_id|tags\.[A-Za-z0-9_.-]{1,64}))$/;

/**
 * True for what a split or a limit can be keyed by: `session`, `metadata.<name>`, `headers.<name>`, `caller.organisation_id`,
 * `caller.team_id`, `caller.user_id`, `caller.key_id`, `caller.end_user_id`, `caller.tags.<name>`.
 */
export function isKey(text: string): boolean {
  return KEY.test(text);
}
