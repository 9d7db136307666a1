// What the harness and the load generator's process say to each other. The generator is a process of its own, so that
// reading logs and counting CPU seconds never delays a request or its clock.

/** Where requests go. */
export interface Target {
  readonly name: "direct" | "waybill" | "portkey";
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What this target calls the scripted model. */
  readonly model: string;
}

/** Bodies of one size, streamed or not. */
export interface RequestShape {
  readonly stream: boolean;
  readonly bodyBytes: number;
  readonly maxTokens: number;
}

interface JobOf<K extends string> extends RequestShape {
  readonly kind: K;
  readonly target: Target;
  readonly seconds: number;
}

/** A fixed number of requests in flight: finds out what a target can carry. */
export interface ClosedLoopJob extends JobOf<"closed-loop"> {
  readonly concurrency: number;
  readonly requestsMax: number;
}

/** Requests at a fixed rate, whatever the answers do; latency counts from the moment a request was due. */
export interface OpenLoopJob extends JobOf<"open-loop"> {
  readonly ratePerSecond: number;
}

/** A fixed number of streams, each followed by the next; what begins before the time is up runs to its end. */
export interface StreamsJob extends JobOf<"streams"> {
  readonly streams: number;
  /** Over how long the first ones are spread, so that their chunks do not fall together. */
  readonly spreadMs: number;
  /** True: every lane ends after one stream. */
  readonly once: boolean;
}

/**
 * Clients that are a burden, one stream each, begun over some seconds. `slow-readers` stop reading at the first byte, for as long as
 * the job takes, and then read on; `disconnects` stay for STAY_MS once every stream has begun and leave, all within a second. `readers`
 * are none: they read what comes, to its end.
 */
export interface BurdenJob extends JobOf<"readers" | "slow-readers" | "disconnects"> {
  readonly clients: number;
}

/** How long all clients that will disconnect have their streams open. */
export const STAY_MS = 5_000;

export type Job = ClosedLoopJob | OpenLoopJob | StreamsJob | BurdenJob;

/** All times in milliseconds. */
export interface JobResult {
  /** Whole, valid answers. */
  readonly completed: number;
  /** Everything else, by what went wrong. */
  readonly failed: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly latencyMs: Float64Array;
  /** When each of those began, in Unix milliseconds. */
  readonly begunAtMs: Float64Array;
  /** Burdens: when all had begun and it began, in Unix milliseconds; else 0. */
  readonly burdenFromMs: number;
  /** Open loop: how late the generator itself was in sending. */
  readonly sendDelayMs: Float64Array;
  /** Streams: from the send to the first chunk with content. */
  readonly firstTokenMs: Float64Array;
  /** Streams: from the provider's write of a content chunk to its arrival; the first chunk is not among them. */
  readonly chunkDelayMs: Float64Array;
  /** Streams: the most that were open at one moment, counted from their first byte. */
  readonly openMax: number;
}

/** Samples of one kind a job keeps; more are not recorded. */
export const SAMPLES_MAX = 2_000_000;
