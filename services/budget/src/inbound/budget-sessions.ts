// The standing streams of routers. Each call is answered once, by its correlation id, in any order and before its
// deadline; the list of budgets and the standing of those in use are pushed.
import { WaybillError } from "@waybill/domain";
import { type ServerDuplexStream, TurnWriter } from "@waybill/rpc";
import type { Tracing } from "@waybill/service";
import type {
  AskGrant,
  AskRates,
  Budget,
  BudgetAnswer,
  BudgetAnswers,
  BudgetCall,
  BudgetCalls,
  Journal,
  PlaceHold,
  RateLimit,
} from "@waybill/wire";
import type { AskGrant as AskGrantOperation, Operation, Standing } from "../core/operation.ts";
import { grantCredit } from "../grant-credit.ts";
import { type PlaceHoldWorld, placeHold } from "../place-hold.ts";
import type { RateCounters } from "../ports.ts";
import {
  fromWireAskGrant,
  fromWireClosing,
  fromWireJournaledAttempt,
  fromWirePlaceHold,
  fromWireWithdrawal,
} from "./from-wire.ts";
import { fromWireAskRates, toWireRates } from "./rates-wire.ts";
import { answerOf, toWireGrant, toWireHold, toWireRefusal, toWireStanding } from "./to-wire.ts";

export interface BudgetSessionsOptions {
  world: PlaceHoldWorld;
  rates: RateCounters;
  tracing: Tracing;
  onRefused(budgetId: string): void;
  /** A message that nothing can be done with; it was answered. */
  onOddMessage(detail: string): void;
  /** An answer that is a fault of ours. */
  onError(error: unknown): void;
}

type Stream = ServerDuplexStream<BudgetCalls, BudgetAnswers>;
type Answer = NonNullable<BudgetAnswer["answer"]>;

interface Session {
  writer: TurnWriter<BudgetAnswer, BudgetAnswers>;
  holder: string;
  /** Budgets this holder has used: it is told their standing. */
  used: Set<string>;
  /** Calls that are not answered yet. */
  inFlight: number;
}

const DEADLINE_MS = 2_000;
const DEADLINE_MS_MAX = 30_000;
/** One holder's budgets whose standing is pushed; the first ones win. */
const USED_MAX = 10_000;
const JOURNAL_LINES_MAX = 10_000;
/** How often stopping looks whether every stream has ended. */
const POLL_MS = 10;

export class BudgetSessions {
  readonly #options: BudgetSessionsOptions;
  readonly #sessions = new Set<Session>();
  #budgets: { budgets: readonly Budget[]; rateLimits: readonly RateLimit[] } | undefined;
  #stopping = false;

  constructor(options: BudgetSessionsOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#sessions.size;
  }

  /** The handler of BudgetService.Session. */
  serve(stream: Stream): void {
    const writer = new TurnWriter(stream, (answers: BudgetAnswer[]) => ({ answers }));
    const session: Session = { writer, holder: "", used: new Set(), inFlight: 0 };
    this.#sessions.add(session);
    stream.on("data", ({ calls }: BudgetCalls) => {
      for (const call of calls) void this.#onCall(session, call).catch(this.#options.onError);
    });
    const onEnd = (): void => this.#end(session);
    stream.on("end", onEnd);
    stream.on("error", onEnd);
    stream.on("cancelled", onEnd);
    if (this.#stopping) onEnd();
  }

  /** Whether this holder has a stream to this process now. */
  isConnected(holder: string): boolean {
    for (const session of this.#sessions) if (session.holder === holder) return true;
    return false;
  }

  /** Keeps the lists and sends it to everybody; who says hello later gets it then. */
  setBudgets(budgets: readonly Budget[], rateLimits: readonly RateLimit[]): void {
    this.#budgets = { budgets, rateLimits };
    for (const session of this.#sessions) if (session.holder !== "") this.#pushBudgets(session);
  }

  usedBudgets(): Set<string> {
    const used = new Set<string>();
    for (const session of this.#sessions) for (const id of session.used) used.add(id);
    return used;
  }

  pushStandings(standings: ReadonlyMap<string, Standing>): void {
    for (const session of this.#sessions) {
      const told = [...session.used].flatMap((id) => standings.get(id) ?? []).map(toWireStanding);
      if (told.length > 0) this.#push(session, { $case: "standings", value: { standings: told } });
    }
  }

  /**
   * Refuses new calls and ends each stream as soon as what is in flight on it is answered, at most `limitMs` later: a router
   * goes on to another replica when its stream ends, not before.
   */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    for (const session of this.#sessions) if (session.inFlight === 0) this.#end(session);
    const endsAtMs = performance.now() + limitMs;
    while (this.#sessions.size > 0 && performance.now() < endsAtMs) await new Promise((go) => setTimeout(go, POLL_MS));
    for (const session of this.#sessions) this.#end(session);
  }

  #end(session: Session): void {
    if (this.#sessions.delete(session)) session.writer.end();
  }

  async #onCall(session: Session, { correlationId, deadlineMs, traceparent, call }: BudgetCall): Promise<void> {
    if (call?.$case === "hello") {
      session.holder = call.value.holder;
      this.#pushBudgets(session);
      return;
    }
    session.inFlight += 1;
    try {
      const withinMs = Math.min(deadlineMs || DEADLINE_MS, DEADLINE_MS_MAX);
      const answer = await this.#answer(session, call, withinMs, traceparent).catch((error) => this.#failed(error));
      this.#write(session, correlationId, answer);
    } finally {
      session.inFlight -= 1;
      if (this.#stopping && session.inFlight === 0) this.#end(session);
    }
  }

  /** Rejects, and never throws, for what cannot be answered: the caller turns a rejection into a failed code. */
  async #answer(session: Session, call: BudgetCall["call"], deadlineMs: number, traceparent: string): Promise<Answer> {
    if (this.#stopping) throw new WaybillError("budget_unavailable", { detail: "stopping" });
    switch (call?.$case) {
      case "askGrant":
        return this.#traced("grant credit", traceparent, () => this.#grant(session, call.value, deadlineMs));
      case "placeHold":
        return this.#traced("place hold", traceparent, () => this.#place(session, call.value, deadlineMs));
      case "journal":
        return this.#journal(call.value, deadlineMs);
      case "askRates":
        return this.#rates(session, call.value);
      default:
        throw new WaybillError("invalid_value", { detail: "an empty call" });
    }
  }

  async #grant(session: Session, ask: AskGrant, deadlineMs: number): Promise<Answer> {
    const operation: AskGrantOperation = fromWireAskGrant(ask, session.holder);
    const answer = await grantCredit(this.#options.world.writer, operation, deadlineMs);
    if (answer.kind === "impossible") throw new WaybillError("invalid_value", { detail: answer.reason });
    // A limit's counter is one of very many, and nobody looks at how it stands.
    if (!ask.limit) use(session, ask.budgetId);
    return { $case: "grant", value: toWireGrant(ask.grantId, answer) };
  }

  async #place(session: Session, wire: PlaceHold, deadlineMs: number): Promise<Answer> {
    const place = fromWirePlaceHold(wire);
    const answer = await placeHold(this.#options.world, place, deadlineMs);
    for (const { budgetId, limit } of place.asks) if (!limit) use(session, budgetId);
    if (answer.kind === "impossible") throw new WaybillError("invalid_value", { detail: answer.reason });
    if (answer.kind === "over") throw new WaybillError("not_sent", { detail: "the attempt has a record already" });
    if (answer.kind === "held") return { $case: "hold", value: toWireHold(answer) };
    this.#options.onRefused(answer.budgetId);
    return { $case: "hold", value: toWireRefusal(answer) };
  }

  async #rates(session: Session, ask: AskRates): Promise<Answer> {
    const answers = await this.#options.rates.ask(session.holder, fromWireAskRates(ask));
    return { $case: "rates", value: toWireRates(answers) };
  }

  /** Acknowledged when every line is committed. A line that cannot be true is reported and must not hold up the others. */
  async #journal(journal: Journal, deadlineMs: number): Promise<Answer> {
    const { attempts, closings, withdrawals } = journal;
    if (attempts.length + closings.length + withdrawals.length > JOURNAL_LINES_MAX)
      throw new WaybillError("invalid_value");
    const withdrawn = this.#read(withdrawals, fromWireWithdrawal);
    const { writer, withdrawals: noted } = this.#options.world;
    for (const withdrawal of withdrawn) noted.add(withdrawal);
    const operations: Operation[] = [
      ...this.#read(attempts, fromWireJournaledAttempt),
      ...this.#read(closings, fromWireClosing),
      ...withdrawn,
    ];
    const answers = await Promise.all(operations.map((operation) => writer.submit(operation, deadlineMs)));
    for (const answer of answers) if (answer.kind === "impossible") this.#options.onOddMessage(answer.reason);
    return { $case: "journaled", value: {} };
  }

  #read<Wire, Read>(wires: readonly Wire[], read: (wire: Wire) => Read): Read[] {
    return wires.flatMap((wire) => {
      try {
        return [read(wire)];
      } catch (error) {
        this.#options.onOddMessage(error instanceof Error ? error.message : String(error));
        return [];
      }
    });
  }

  async #traced(name: string, traceparent: string, work: () => Promise<Answer>): Promise<Answer> {
    const span = this.#options.tracing.start(name, "server", traceparent);
    try {
      return await work();
    } finally {
      span.end();
    }
  }

  #failed(thrown: unknown): Answer {
    const error = WaybillError.from(thrown);
    if (error.code === "internal_error") this.#options.onError(thrown);
    else if (error.code === "invalid_value") this.#options.onOddMessage(error.message);
    return { $case: "failedCode", value: error.code };
  }

  #pushBudgets(session: Session): void {
    if (!this.#budgets) return;
    const { budgets, rateLimits } = this.#budgets;
    this.#push(session, { $case: "budgets", value: { budgets: [...budgets], rateLimits: [...rateLimits] } });
  }

  /** Nothing is written to a stream that has ended. */
  #write(session: Session, correlationId: bigint, answer: Answer): void {
    if (this.#sessions.has(session)) session.writer.write(answerOf(correlationId, answer));
  }

  /** A list of all budgets is large. */
  #push(session: Session, answer: Answer): void {
    if (this.#sessions.has(session)) session.writer.writeAlone(answerOf(0n, answer));
  }
}

function use(session: Session, budgetId: string): void {
  if (session.used.size < USED_MAX) session.used.add(budgetId);
}
