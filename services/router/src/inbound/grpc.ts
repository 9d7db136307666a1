// RouterService over gRPC: the standing stream of an ingress, and the unary twin for tools and tests.
import { type RpcServer, type ServerDuplexStream, TurnWriter, unary } from "@waybill/rpc";
import type { Tracing } from "@waybill/service";
import {
  type AttemptEnded,
  type DecideRequest,
  type DecideResponse,
  type ExtendHoldRequest,
  type ExtendHoldResponse,
  type JournaledAttempt,
  Refusal,
  type RouterAnswer,
  type RouterAnswers,
  type RouterCall,
  type RouterCalls,
  RouterServiceService,
} from "@waybill/wire";
import type { Decide } from "../decide.ts";

export interface RouterHandlers {
  decide: Decide;
  tracing: Tracing;
  /** An attempt is over; undefined: nobody knows how many tokens it used. */
  ended(attemptId: string, tokens: number | undefined): void;
  /** It has had no stream here for a while. */
  ingressGone(ingressId: string): void;
  extendHold(request: ExtendHoldRequest, deadlineMs: number): Promise<ExtendHoldResponse>;
  journalReported(attempts: readonly JournaledAttempt[]): void;
  onError(error: unknown): void;
}

const CALLERS = ["ingress", "operator"];
/** Decisions under way on one stream; beyond it the caller is told to come back. */
const UNDER_WAY_MAX = 20_000;
/** An ingress that lost only its stream is back by then. */
const INGRESS_GONE_MS = 10_000;
const RETRY_AFTER_MS = 1_000;

export interface RouterService {
  /** Takes no new decision and ends the streams once those under way are answered. */
  drain(): void;
}

type Stream = ServerDuplexStream<RouterCalls, RouterAnswers>;
type Writer = TurnWriter<RouterAnswer, RouterAnswers>;

export function serveRouter(server: RpcServer, handlers: RouterHandlers): RouterService {
  const streams = new Set<{ underWay: number; end(): void; ingressId: string }>();
  let draining = false;

  const answerOf = async ({ call, deadlineMs, traceparent }: RouterCall): Promise<RouterAnswer["answer"]> => {
    if (call?.$case === "reportOpen") {
      handlers.journalReported(call.value.attempts);
      return { $case: "reportOpen", value: {} };
    }
    if (!call || call.$case === "ended") return { $case: "decide", value: refusal("internal_error") };
    if (draining) return { $case: "decide", value: refusal("draining") };
    if (call.$case === "extendHold") {
      return { $case: "extendHold", value: await handlers.extendHold(call.value, deadlineMs) };
    }
    return { $case: "decide", value: await decideTraced(call, deadlineMs, traceparent, handlers) };
  };

  const missIngress = (ingressId: string): void => {
    const tell = (): void => {
      const isBack = [...streams].some((state) => state.ingressId === ingressId);
      if (!isBack && ingressId !== "") handlers.ingressGone(ingressId);
    };
    setTimeout(tell, INGRESS_GONE_MS).unref();
  };

  const session = (stream: Stream): void => {
    const writer: Writer = new TurnWriter(stream, (answers) => ({ answers }));
    const end = (): void => {
      if (streams.delete(state)) writer.end();
    };
    const state = { underWay: 0, end, ingressId: "" };
    streams.add(state);
    const take = (call: RouterCall): void => {
      if (call.call?.$case === "ended") {
        hearEnded(call.call.value, handlers);
        return;
      }
      if (state.underWay >= UNDER_WAY_MAX) {
        writer.write({ correlationId: call.correlationId, answer: { $case: "decide", value: refusal("overloaded") } });
        return;
      }
      state.underWay += 1;
      if (call.call?.$case === "decide") state.ingressId = call.call.value.ingressId;
      answerOf(call)
        .catch((error: unknown): RouterAnswer["answer"] => {
          handlers.onError(error);
          return { $case: "decide", value: refusal("internal_error") };
        })
        .then((answer) => {
          state.underWay -= 1;
          if (!streams.has(state)) return;
          writer.write({ correlationId: call.correlationId, answer });
          if (draining && state.underWay === 0) end();
        }, handlers.onError);
    };
    stream.on("data", ({ calls }: RouterCalls) => calls.forEach(take));
    stream.on("end", end);
    stream.on("error", () => stream.destroy());
    stream.on("close", () => {
      streams.delete(state);
      writer.drop();
      missIngress(state.ingressId);
    });
  };

  const decide = unary(
    (request: DecideRequest) => (draining ? Promise.resolve(refusal("draining")) : handlers.decide.decide(request, 0)),
    handlers.onError,
  );
  server.add(RouterServiceService, { session, decide }, CALLERS);

  return {
    drain() {
      draining = true;
      for (const state of streams) if (state.underWay === 0) state.end();
    },
  };
}

function hearEnded({ attemptId, tokens, tokensKnown }: AttemptEnded, handlers: RouterHandlers): void {
  handlers.ended(attemptId, tokensKnown ? Number(tokens) : undefined);
}

async function decideTraced(
  call: Extract<RouterCall["call"], { $case: "decide" | "next" }>,
  deadlineMs: number,
  traceparent: string,
  { decide, tracing }: RouterHandlers,
): Promise<DecideResponse> {
  const span = tracing.start(`router.${call.$case}`, "server", traceparent);
  const value = await (call.$case === "decide"
    ? decide.decide(call.value, deadlineMs)
    : decide.next(call.value, deadlineMs));
  span.end({ "waybill.outcome": value.outcome?.$case === "refusal" ? value.outcome.value.code : "decided" });
  return value;
}

function refusal(code: string): DecideResponse {
  return {
    outcome: { $case: "refusal", value: { ...Refusal.create({}), code, retryAfterMs: RETRY_AFTER_MS } },
  };
}
