// The standing stream to the budget service: questions with ids of our own making, pushed budgets and standings.
// A broken stream leaves every open question unanswered; they are repeated under the same ids on the next one.
import { plainCredentials, SESSION_CLIENT_OPTIONS, Session, type SessionOutcome, tokenMetadata } from "@waybill/rpc";
import type { Secret } from "@waybill/service";
import {
  type AskRates,
  type Budget,
  type BudgetAnswer,
  type BudgetCall,
  BudgetServiceClient,
  type HoldLine,
  type RateAnswers,
  type RateLimit,
  type Standing,
} from "@waybill/wire";
import type { TemplateCounter } from "../core/credit.ts";
import type { BudgetService, ExactAsk, Unanswered } from "../ports.ts";

export interface BudgetStreamOptions {
  /** Tried in turn, the next one after every break. */
  urls: readonly string[];
  token: Secret;
  holder: string;
  onBudgets(budgets: Budget[], rateLimits: RateLimit[]): void;
  onStandings(standings: Standing[]): void;
  onState(open: boolean, problem: string): void;
}

/** How long an answer may be on its way back after the service's own deadline. */
const RETURN_MS = 50;

export interface BudgetStream extends BudgetService {
  /** Undefined: nothing is known of it. */
  askRates(asks: AskRates, deadlineMs: number): Promise<RateAnswers | undefined>;
  stop(): void;
}

type Call = BudgetCall["call"];
type Answer = Exclude<BudgetAnswer["answer"], undefined>;

export function connectBudget(options: BudgetStreamOptions): BudgetStream {
  const clients = options.urls.map((url) => new BudgetServiceClient(url, plainCredentials, SESSION_CLIENT_OPTIONS));
  const metadata = tokenMetadata(options.token.reveal());
  let turn = 0;
  const session = new Session<BudgetCall, BudgetAnswer>({
    open() {
      const client = clients[turn % clients.length];
      turn += 1;
      if (!client) throw new Error("WAYBILL_BUDGET_URLS names no budget service");
      return client.session(metadata);
    },
    onOpen: (opened) => void opened.tell(envelope({ $case: "hello", value: { holder: options.holder } }, 0)(0n)),
    onPush({ answer }) {
      if (answer?.$case === "budgets") options.onBudgets(answer.value.budgets, answer.value.rateLimits);
      else if (answer?.$case === "standings") options.onStandings(answer.value.standings);
    },
    onState: (open, error) => options.onState(open, error?.message ?? "the stream ended"),
  });
  const ask = async (call: Call, deadlineMs: number): Promise<Answer | Unanswered> => {
    const deadline = Math.max(1, Math.floor(deadlineMs));
    const isLarge = call?.$case === "journal";
    return outcomeOf(await session.ask(envelope(call, deadline), deadline + RETURN_MS, isLarge));
  };

  return {
    get isOpen() {
      return session.isOpen;
    },
    async askGrant({ lifeMs, holdLifeMs, template, isReserve = false, ...asked }, deadlineMs) {
      const { grantId, limit } = asked;
      const times = { lifeMs: BigInt(lifeMs), holdLifeMs: BigInt(holdLifeMs) };
      const value = { ...asked, ...times, limit, isReserve, ...templateOf(template) };
      const answer = await ask({ $case: "askGrant", value }, deadlineMs);
      if (!("$case" in answer) || answer.$case !== "grant") return unanswered(answer);
      const { amountPicoUsd, windowId, standing } = answer.value;
      if (standing && !limit) options.onStandings([standing]);
      return { kind: "given", given: { grantId, amountPicoUsd, windowId, lifeMs: Number(answer.value.lifeMs) } };
    },
    async placeHold({ asks, attempt }, deadlineMs) {
      const { attemptId, holder, holds: cut, holdLifeMs: lifeMs } = attempt;
      const wireAsks = asks.map(({ template, unit: _, ...ask }) => ({ ...ask, ...templateOf(template) }));
      const value = { attemptId, holder, asks: wireAsks, cut, lifeMs, attempt };
      const answer = await ask({ $case: "placeHold", value }, deadlineMs);
      if (!("$case" in answer) || answer.$case !== "hold") return unanswered(answer);
      const { lines, refusal } = answer.value;
      return refusal ? { kind: "refused", refusal } : { kind: "placed", lines: onlyAsked(lines, asks) };
    },
    async journal(batch, deadlineMs) {
      const answer = await ask({ $case: "journal", value: batch }, deadlineMs);
      return "$case" in answer && answer.$case === "journaled";
    },
    async askRates(value, deadlineMs) {
      const answer = await ask({ $case: "askRates", value }, deadlineMs);
      return "$case" in answer && answer.$case === "rates" ? answer.value : undefined;
    },
    stop() {
      session.stop();
      for (const client of clients) client.close();
    },
  };
}

/** The answer may repeat the lines that were cut from grants; those are known here, and so is what each budget counts. */
function onlyAsked(lines: HoldLine[], asks: readonly ExactAsk[]): HoldLine[] {
  return lines.flatMap((line) => {
    const ask = line.grantId === "" ? asks.find(({ budgetId }) => budgetId === line.budgetId) : undefined;
    return ask ? [{ ...line, unit: ask.unit }] : [];
  });
}

function templateOf(template: TemplateCounter | undefined): { templateId: string; templateValue: string } {
  return { templateId: template?.templateId ?? "", templateValue: template?.value ?? "" };
}

function envelope(call: Call, deadlineMs: number): (correlationId: bigint) => BudgetCall {
  return (correlationId) => ({ correlationId, deadlineMs, traceparent: "", call });
}

function outcomeOf(outcome: SessionOutcome<BudgetAnswer>): Answer | Unanswered {
  if (outcome.kind === "answer" && outcome.answer.answer) return outcome.answer.answer;
  return { kind: "unanswered", sent: outcome.kind !== "unavailable" };
}

/** A failed code or an answer of another kind: nothing is known to have happened. */
function unanswered(answer: Answer | Unanswered): Unanswered {
  return "$case" in answer ? { kind: "unanswered", sent: true } : answer;
}
