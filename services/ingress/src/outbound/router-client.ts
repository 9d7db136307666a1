// Decide and Next over one standing stream per router replica; the first that answers is used, the next one when it is gone.
import { WaybillError } from "@waybill/domain";
import { plainCredentials, SESSION_CLIENT_OPTIONS, Session, type SessionOutcome, tokenMetadata } from "@waybill/rpc";
import type { Secret } from "@waybill/service";
import {
  type DecideResponse,
  type OpenAttempt,
  type RouterAnswer,
  type RouterCall,
  RouterServiceClient,
} from "@waybill/wire";
import type { Decisions } from "../ports.ts";

export interface RouterClientOptions {
  urls: readonly string[];
  token: Secret;
  timeoutMs: number;
  /** Attempts with holds that a lost router may not have journaled; reported to the next one. */
  openAttempts(): OpenAttempt[];
  onState(reachable: boolean): void;
  onProblem(detail: string): void;
}

export interface RouterClient extends Decisions {
  stop(): void;
}

/** At most this many attempts in one report; each is a few hundred bytes and a message is bounded. */
const REPORT_MAX = 1_000;

type Ask = RouterCall["call"];

export function connectRouters(options: RouterClientOptions): RouterClient {
  const sessions: Session<RouterCall, RouterAnswer>[] = [];
  // True after a router was lost, until the open attempts were reported to one that is there.
  let mustReport = false;

  const report = async (session: Session<RouterCall, RouterAnswer>): Promise<void> => {
    const open = options.openAttempts();
    for (let from = 0; from < open.length; from += REPORT_MAX) {
      const attempts = open.slice(from, from + REPORT_MAX);
      const call: Ask = { $case: "reportOpen", value: { attempts } };
      const outcome = await session.ask(envelope(call, "", options.timeoutMs), options.timeoutMs);
      if (outcome.kind !== "answer") {
        mustReport = true;
        return;
      }
    }
  };

  const reportIfNeeded = (): void => {
    const session = sessions.find((candidate) => candidate.isOpen);
    if (!mustReport || !session) return;
    mustReport = false;
    report(session).catch((error: Error) => options.onProblem(error.message));
  };

  for (const url of options.urls) {
    const client = new RouterServiceClient(url, plainCredentials, SESSION_CLIENT_OPTIONS);
    const metadata = tokenMetadata(options.token.reveal());
    sessions.push(
      new Session<RouterCall, RouterAnswer>({
        open: () => client.session(metadata),
        onState(open, error) {
          if (!open) mustReport = true;
          reportIfNeeded();
          options.onState(sessions.some((session) => session.isOpen));
          if (error) options.onProblem(`router ${url}: ${error.message}`);
        },
      }),
    );
  }

  const ask = async (call: Ask, traceparent: string): Promise<DecideResponse> => {
    for (const session of sessions) {
      const outcome: SessionOutcome<RouterAnswer> = await session.ask(
        envelope(call, traceparent, options.timeoutMs),
        options.timeoutMs,
      );
      if (outcome.kind === "answer" && outcome.answer.answer?.$case === "decide") return outcome.answer.answer.value;
      // `unknown` may have placed a hold under this attempt; the next router places its own, and the attempt's record
      // releases both.
    }
    throw new WaybillError("router_unavailable");
  };

  return {
    decide: (request, traceparent) => ask({ $case: "decide", value: request }, traceparent),
    next: (request, traceparent) => ask({ $case: "next", value: request }, traceparent),
    stop() {
      for (const session of sessions) session.stop();
    },
  };
}

function envelope(call: Ask, traceparent: string, deadlineMs: number): (correlationId: bigint) => RouterCall {
  return (correlationId) => ({ correlationId, deadlineMs, traceparent, call });
}
