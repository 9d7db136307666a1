// A standing bidirectional stream with correlation ids, from the caller's side: about a sixth of the CPU of a unary call, and less
// where the calls of one turn share a message.
//
// Modes: connecting -> open -> broken -> connecting ... -> closed.
// - connecting: calls are refused at once with `unavailable`; nothing queues up behind a dead server.
// - open: calls are written at once and answered in any order.
// - broken: everything outstanding resolves to `unknown`: it may or may not have happened; the caller reconciles by id.
// - closed: by stop() only.
import { type ClientDuplexStream, type ClientOptions, credentials } from "@grpc/grpc-js";
import { MESSAGE_BYTES_MAX } from "./serve.ts";
import { TurnWriter } from "./turn-writer.ts";

/** How a call on the session ended. `unknown`: the stream broke or the deadline passed after the call was sent. */
export type SessionOutcome<Answer> = { kind: "answer"; answer: Answer } | { kind: "unavailable" } | { kind: "unknown" };

interface Correlated {
  correlationId: bigint;
}

/** Messages on the stream: the calls of one turn one way, the answers of one turn the other. */
type SessionStream<Call, Answer> = ClientDuplexStream<{ calls: Call[] }, { answers: Answer[] }>;

export interface SessionOptions<Call extends Correlated, Answer extends Correlated> {
  /** Opens the stream; called again after every break. */
  open(): SessionStream<Call, Answer>;
  /** Sends what must come first on a fresh stream. */
  onOpen?(session: Session<Call, Answer>): void;
  /** Messages with correlation id 0. */
  onPush?(answer: Answer): void;
  onState?(open: boolean, error: Error | undefined): void;
  reconnectMs?: number;
}

interface Waiting<Answer> {
  resolve(outcome: SessionOutcome<Answer>): void;
  timer: NodeJS.Timeout;
}

const OUTSTANDING_MAX = 50_000;

export class Session<Call extends Correlated, Answer extends Correlated> {
  readonly #options: SessionOptions<Call, Answer>;
  readonly #waiting = new Map<bigint, Waiting<Answer>>();
  #writer: TurnWriter<Call, { calls: Call[] }> | undefined;
  #open = false;
  #closed = false;
  #nextId = 1n;

  constructor(options: SessionOptions<Call, Answer>) {
    this.#options = options;
    this.#connect();
  }

  /** True when a call would be written now. */
  get isOpen(): boolean {
    return this.#open && this.#waiting.size < OUTSTANDING_MAX;
  }

  /**
   * Asks and waits for the answer of the same correlation id, at most `deadlineMs`. `make` receives the id to put in. `isLarge`:
   * it may be nearly as large as a message may be, so it gets one to itself.
   */
  ask(make: (correlationId: bigint) => Call, deadlineMs: number, isLarge = false): Promise<SessionOutcome<Answer>> {
    const writer = this.#writer;
    if (!writer || !this.isOpen) return Promise.resolve({ kind: "unavailable" });
    const id = this.#nextId;
    this.#nextId += 1n;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(id, { kind: "unknown" }), deadlineMs);
      this.#waiting.set(id, { resolve, timer });
      if (isLarge) writer.writeAlone(make(id));
      else writer.write(make(id));
    });
  }

  /** Writes without waiting for an answer; false when the stream is not open. */
  tell(call: Call): boolean {
    if (!this.#writer || !this.#open) return false;
    this.#writer.write(call);
    return true;
  }

  stop(): void {
    this.#closed = true;
    this.#open = false;
    this.#writer?.end();
    this.#breakAll();
  }

  #connect(): void {
    if (this.#closed) return;
    const stream = this.#options.open();
    const writer = new TurnWriter(stream, (calls: Call[]) => ({ calls }));
    this.#writer = writer;
    let ended = false;
    let openedAtMs = 0;
    const onEnd = (error?: Error): void => {
      if (ended) return;
      ended = true;
      writer.drop();
      const wasOpen = this.#open;
      this.#open = false;
      this.#breakAll();
      if (wasOpen || error) this.#options.onState?.(false, error);
      const pauseMs = this.#options.reconnectMs ?? 200;
      // A server that says goodbye has siblings, and callers who would rather not hear of it. One that says it to everybody
      // who comes is not asked faster than one that is away.
      const saidGoodbye = wasOpen && error === undefined && performance.now() - openedAtMs >= pauseMs;
      if (!this.#closed) setTimeout(() => this.#connect(), saidGoodbye ? 0 : pauseMs).unref();
    };
    // The server sends its headers when it accepts the stream; until then nothing is promised.
    stream.on("metadata", () => {
      if (ended) return;
      this.#open = true;
      openedAtMs = performance.now();
      this.#options.onOpen?.(this);
      this.#options.onState?.(true, undefined);
    });
    stream.on("data", ({ answers }: { answers: Answer[] }) => {
      for (const answer of answers) this.#onAnswer(answer);
    });
    stream.on("error", onEnd);
    stream.on("end", () => onEnd());
  }

  #onAnswer(answer: Answer): void {
    if (answer.correlationId === 0n) this.#options.onPush?.(answer);
    else this.#settle(answer.correlationId, { kind: "answer", answer });
  }

  #settle(id: bigint, outcome: SessionOutcome<Answer>): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve(outcome);
  }

  #breakAll(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { kind: "unknown" });
  }
}

/** Options of a client that keeps a standing stream: keepalive, bounded messages, quick reconnects. */
export const SESSION_CLIENT_OPTIONS: ClientOptions = {
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
  "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  "grpc.use_local_subchannel_pool": 1,
};

/** Plain transport: loopback and private networks. TLS by certificate files is the place to change here. */
export const plainCredentials = credentials.createInsecure();
