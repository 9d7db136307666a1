// Decide and Next over one standing stream per router replica; the first that answers is used, the next one when it is gone.
import { WaybillError } from "@waybill/domain";
import { plainCredentials, SESSION_CLIENT_OPTIONS, Session, type SessionOutcome, tokenMetadata } from "@waybill/rpc";
import type { Secret, ServiceScope } from "@waybill/service";
import {
  type DecideResponse,
  type OpenAttempt,
  type RouterAnswer,
  type RouterCall,
  RouterServiceClient,
} from "@waybill/wire";
import type { Decisions } from "../ports.ts";

export interface RouterClientOptions {
  config: {
    WAYBILL_ROUTER_URLS: readonly string[];
    WAYBILL_SERVICE_TOKEN: Secret;
    WAYBILL_DECIDE_TIMEOUT_MS: number;
  };
  /** Attempts with holds that a lost router may not have journaled; reported to the next one. */
  openAttempts(): OpenAttempt[];
}

/** At most this many attempts in one report; each is a few hundred bytes and a message is bounded. */
const REPORT_MAX = 1_000;

type Ask = RouterCall["call"];

export function connectRouters(
  { config, openAttempts }: RouterClientOptions,
  { log, health, onStop }: ServiceScope,
): Decisions {
  const urls = config.WAYBILL_ROUTER_URLS;
  const timeoutMs = config.WAYBILL_DECIDE_TIMEOUT_MS;
  const ready = health.condition("router", `none of ${urls.join(", ")} answers`);
  const sessions: Session<RouterCall, RouterAnswer>[] = [];
  // True after a router was lost, until the open attempts were reported to one that is there.
  let mustReport = false;

  const report = async (session: Session<RouterCall, RouterAnswer>): Promise<void> => {
    const open = openAttempts();
    for (let from = 0; from < open.length; from += REPORT_MAX) {
      const attempts = open.slice(from, from + REPORT_MAX);
      const call: Ask = { $case: "reportOpen", value: { attempts } };
      const outcome = await session.ask(envelope(call, "", timeoutMs), timeoutMs);
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
    report(session).catch((error: Error) => log.warn({ err: error }, "cannot report open attempts"));
  };

  for (const url of urls) {
    const client = new RouterServiceClient(url, plainCredentials, SESSION_CLIENT_OPTIONS);
    const metadata = tokenMetadata(config.WAYBILL_SERVICE_TOKEN.reveal());
    sessions.push(
      new Session<RouterCall, RouterAnswer>({
        open: () => client.session(metadata),
        onState(open, error) {
          if (!open) mustReport = true;
          reportIfNeeded();
          ready.set(
            sessions.some((session) => session.isOpen),
            `none of ${urls.join(", ")} answers`,
          );
          if (error) log.warn({ router: url, detail: error.message }, "router session broke");
        },
      }),
    );
  }

  const ask = async (call: Ask, traceparent: string): Promise<DecideResponse> => {
    for (const session of sessions) {
      const outcome: SessionOutcome<RouterAnswer> = await session.ask(
        envelope(call, traceparent, timeoutMs),
        timeoutMs,
      );
      if (outcome.kind === "answer" && outcome.answer.answer?.$case === "decide") return outcome.answer.answer.value;
      // `unknown` may have placed a hold under this attempt; the next router places its own, and the attempt's record
      // releases both.
    }
    throw new WaybillError("router_unavailable");
  };

  onStop("routers", () => {
    for (const session of sessions) session.stop();
  });
  return {
    decide: (request, traceparent) => ask({ $case: "decide", value: request }, traceparent),
    next: (request, traceparent) => ask({ $case: "next", value: request }, traceparent),
  };
}

function envelope(call: Ask, traceparent: string, deadlineMs: number): (correlationId: bigint) => RouterCall {
  return (correlationId) => ({ correlationId, deadlineMs, traceparent, call });
}
