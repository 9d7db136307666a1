// The story of one attempt: put on the queue, relayed as it comes, closed as void where it was not sent.
import { WaybillError } from "@waybill/domain";
import { type Decision, ExtendHoldRequest, type Waybill } from "@waybill/wire";
import { Attempt } from "./core/attempt.ts";
import { CommittingClient } from "./core/committing-client.ts";
import { CoverWatch } from "./core/cover-watch.ts";
import { FilteringClient } from "./core/filtering-client.ts";
import { makeWaybill, voidRecord } from "./core/make-waybill.ts";
import { type AttemptEnd, NO_ACCOUNT, Relay } from "./core/relay.ts";
import { StoppableClient } from "./core/stoppable-client.ts";
import { tokensUsed } from "./core/tokens-used.ts";
import type { Client } from "./ports.ts";
import type { Story } from "./serve.ts";

/** Carries one attempt to its end. Resolves when nothing more can come; an attempt that was not sent is closed as void. */
export async function carry(story: Story, decision: Decision, failedAccounts: readonly string[]): Promise<AttemptEnd> {
  const { call, ports, limits, request, asked } = story;
  const client = committing(story, decision) ?? story.client;
  const waybill = makeWaybill(request, asked, decision, story.forwardedHeaders, failedAccounts);
  const filtered = filteringClient(story, client, (error) => {
    ports.attempts.cancel(attempt, "superseded");
    relay.on({ kind: "aborted", error });
  });
  const stoppable = stoppableClient(story, decision, filtered, () => relay.stopped());
  const told = stoppable ?? filtered;
  const watch = stoppable && watchCover(story, waybill, decision, stoppable);
  const relay = new Relay(told, decision, asked.stream, limits.answerBytesMax, (reason) =>
    ports.attempts.cancel(attempt, reason),
  );
  const nowMs = ports.clock.monotonicMs();
  // The pause is part of the attempt: what it has for everything is what its hold lives by.
  const totalMs = decision.timeouts?.totalMs ?? 0;
  const pauseMs = Math.min(decision.startAfterMs, totalMs);
  const attempt = new Attempt({
    attemptId: waybill.attemptId,
    requestId: request.requestId,
    attribution: request.attribution,
    decision,
    deadlineMs: nowMs + totalMs,
    claimByMs: nowMs + pauseMs + limits.claimTimeoutMs,
    listener(event) {
      const over = decision.tellEnd ? tokensUsed(event) : undefined;
      if (over) ports.decisions.ended(decision, waybill.attemptId, over.tokens);
      if (event.kind === "data") watch?.counted(event.countedOutputTokens);
      relay.on(event);
    },
  });
  ports.attempts.open(attempt, asked.body);
  client.onGone((reason) => {
    if (!ports.attempts.giveUp(attempt)) ports.attempts.cancel(attempt, reason);
  });
  try {
    // Given up meanwhile, by its client or by a drain, it is not sent any more.
    if (pauseMs > 0) await ports.pause(pauseMs, relay.end);
    if (attempt.state === "waiting") await ports.publishWaybill(waybill, call.traceparent);
  } catch (thrown) {
    // It may be stored all the same: giving it up first makes every later claim hear `over`.
    if (ports.attempts.giveUp(attempt)) relay.on({ kind: "aborted", error: WaybillError.from(thrown) });
  }
  const end = await answered(relay, filtered);
  if (end.kind === "failed" && client instanceof CommittingClient) client.drop();
  if (attempt.state === "given_up") {
    ports.recordUsage(voidRecord(waybill, client.isGone ? "client_gone" : "not_sent", ports.clock.unixMs()));
  }
  return end;
}

/** Undefined: the client is told everything as it comes. */
function committing(
  { client, asked, ports }: Story,
  { commitMs, commitTokens }: Decision,
): CommittingClient | undefined {
  if (!asked.stream || (commitMs === 0 && commitTokens === 0)) return undefined;
  const never = new Promise(() => {});
  return new CommittingClient(client, { ms: commitMs, tokens: commitTokens }, (ms, then) => {
    void ports.pause(ms, never).then(then);
  });
}

/** Undefined: its budgets hold all that can come. */
function stoppableClient(
  { call: { surface }, asked }: Story,
  { coveredOutputTokens }: Decision,
  client: Client,
  onStopped: () => void,
): StoppableClient | undefined {
  if (!asked.stream || coveredOutputTokens === 0n || !surface.stopStream) return undefined;
  return new StoppableClient(client, { stream: surface.stopStream(), onStopped });
}

function watchCover({ call, ports }: Story, waybill: Waybill, decision: Decision, client: StoppableClient): CoverWatch {
  const { holds, holdLifeMs, coveredOutputTokens } = decision;
  const attempt = { ...waybill, holds: holds.filter(({ hard }) => !hard), holdLifeMs };
  const { inputTokensBound } = waybill;
  return new CoverWatch({
    coveredOutputTokens,
    extend: (covered, extension) =>
      ports.decisions.extendHold(
        ExtendHoldRequest.fromPartial({ attempt, coveredOutputTokens: covered, inputTokensBound, extension }),
        call.traceparent,
      ),
    onRefused: (budgetId, outputTokens) =>
      client.stop({ comment: `stopped by Waybill: the budget ${budgetId} has nothing left`, outputTokens }),
  });
}

/** How the attempt ended for its client, once every filter has had its say. */
async function answered(relay: Relay, told: Client): Promise<AttemptEnd> {
  const end = await relay.end;
  if (!(told instanceof FilteringClient) || end.kind !== "complete") return end;
  await told.settled;
  return told.blockedBy ? { kind: "failed", error: told.blockedBy, account: NO_ACCOUNT } : end;
}

/** The client as one attempt answers it. */
function filteringClient(
  { call: { surface }, ports, request, asked, tally }: Story,
  client: Client,
  onBlocked: (error: WaybillError) => void,
): Client {
  const filters = ports.selectFilters("output", request.attribution?.organisationId ?? "", asked.model);
  if (!filters && tally.header === "") return client;
  const { requestId } = request;
  return new FilteringClient(client, { surface, filters, tally, requestId, askWebhook: ports.askWebhook, onBlocked });
}
