// Decide and Next over one standing stream per router replica; the first that answers is used, the next one when it is
// gone or about to go.
import { type ErrorCode, WaybillError } from "@waybill/domain";
import { plainCredentials, SESSION_CLIENT_OPTIONS, Session, tokenMetadata } from "@waybill/rpc";
import type { Secret, ServiceScope } from "@waybill/service";
import {
  type DecideResponse,
  type Decision,
  type OpenAttempt,
  type RouterAnswer,
  type RouterCall,
  RouterServiceClient,
} from "@waybill/wire";
import type { Decisions } from "../ports.ts";
import { makeOpenReport, type RouterSession } from "./report-open.ts";

export interface RouterClientOptions {
  config: {
    WAYBILL_ROUTER_URLS: readonly string[];
    WAYBILL_SERVICE_TOKEN: Secret;
    WAYBILL_DECIDE_TIMEOUT_MS: number;
  };
  /** Attempts with holds that a lost router may not have journaled; reported to the next one. */
  openAttempts(): OpenAttempt[];
}

/** What a router says that cannot decide now though another may: on its way out, or not all there yet. */
const ASK_ANOTHER: readonly string[] = ["draining", "router_unavailable"] satisfies ErrorCode[];

type Ask = RouterCall["call"];

export function connectRouters(
  { config, openAttempts }: RouterClientOptions,
  { log, health, onStop }: ServiceScope,
): Decisions {
  const urls = config.WAYBILL_ROUTER_URLS;
  const timeoutMs = config.WAYBILL_DECIDE_TIMEOUT_MS;
  const ready = health.condition("router", `none of ${urls.join(", ")} answers`);
  const sessions: RouterSession[] = [];
  const report = makeOpenReport({ sessions, openAttempts, timeoutMs, log });

  for (const url of urls) {
    const client = new RouterServiceClient(url, plainCredentials, SESSION_CLIENT_OPTIONS);
    const metadata = tokenMetadata(config.WAYBILL_SERVICE_TOKEN.reveal());
    let wasOpen = false;
    sessions.push(
      new Session<RouterCall, RouterAnswer>({
        open: () => client.session(metadata),
        onState(open, error) {
          // Every failed try to connect is told here; only a router that was there can have lost a hold.
          if (wasOpen && !open) report.lost();
          wasOpen = open;
          report.now();
          ready.set(
            sessions.some((session) => session.isOpen),
            `none of ${urls.join(", ")} answers`,
          );
          if (error) log.warn({ router: url, detail: error.message }, "router session broke");
        },
      }),
    );
  }

  /** Only the router that made a decision knows what it took for it. */
  const madeBy = new WeakMap<Decision, RouterSession>();
  const ask = async (call: Ask, traceparent: string): Promise<DecideResponse> => {
    for (const session of sessions) {
      const outcome = await session.ask(envelope(call, traceparent, timeoutMs), timeoutMs);
      const response = outcome.kind === "answer" ? outcome.answer.answer : undefined;
      if (response?.$case === "decide" && !canOnlySayNo(response.value)) {
        const { outcome: made } = response.value;
        if (made?.$case === "decision") madeBy.set(made.value, session);
        return response.value;
      }
      // `unknown` may have placed a hold under this attempt; the next router places its own, and the attempt's record
      // releases both.
    }
    throw new WaybillError("router_unavailable");
  };

  const extendHold: Decisions["extendHold"] = async (request, traceparent) => {
    for (const session of sessions) {
      const call: Ask = { $case: "extendHold", value: request };
      const outcome = await session.ask(envelope(call, traceparent, timeoutMs), timeoutMs);
      const response = outcome.kind === "answer" ? outcome.answer.answer : undefined;
      if (response?.$case === "extendHold") return response.value;
    }
    throw new WaybillError("router_unavailable");
  };

  onStop("routers", () => {
    report.stop();
    for (const session of sessions) session.stop();
  });
  return {
    decide: (request, traceparent) => ask({ $case: "decide", value: request }, traceparent),
    next: (request, traceparent) => ask({ $case: "next", value: request }, traceparent),
    ended(decision, attemptId, tokens) {
      const value = { attemptId, tokens: tokens ?? 0n, tokensKnown: tokens !== undefined };
      madeBy.get(decision)?.tell(envelope({ $case: "ended", value }, "", 0)(0n));
    },
    extendHold,
  };
}

function canOnlySayNo({ outcome }: DecideResponse): boolean {
  return outcome?.$case === "refusal" && ASK_ANOTHER.includes(outcome.value.code);
}

function envelope(call: Ask, traceparent: string, deadlineMs: number): (correlationId: bigint) => RouterCall {
  return (correlationId) => ({ correlationId, deadlineMs, traceparent, call });
}
