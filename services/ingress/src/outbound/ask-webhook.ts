// Webhooks of content filters over HTTP: one question, one small answer, in time, to no private address unless that is allowed. The
// question is signed, so that the webhook can tell that it comes from here.
import { createHmac } from "node:crypto";
import type { Clock } from "@waybill/domain";
import { NoAnswer, type PostAnswer, postVetted, type Secret, type ServiceScope } from "@waybill/service";
import type { AskWebhook } from "../ports.ts";

const ANSWER_BYTES_MAX = 64 * 1024;

/** An answer that is of no use: why, in one word for the metric. */
class NoUse extends Error {}

/** `secret`: signs the questions; empty: they are not signed. */
export function makeAskWebhook(secret: Secret, { metrics, log }: ServiceScope, clock: Clock): AskWebhook {
  const failures = metrics.counter(
    "waybill_ingress_filter_webhook_failures_total",
    "Webhooks of content filters that gave no answer, by filter and reason",
  );
  return async (webhook, { where, requestId, texts }) => {
    const body = JSON.stringify({ filter: webhook.filter, where, request_id: requestId, texts });
    try {
      const { url, timeoutMs, allowPrivateAddress } = webhook;
      const headers = { "content-type": "application/json", ...signature(secret.reveal(), body, clock.unixMs()) };
      const post = { url, headers, body, timeoutMs, allowPrivateAddress, answerBytesMax: ANSWER_BYTES_MAX };
      return readAnswer(await postVetted(post));
    } catch (error) {
      const reason = reasonOf(error);
      failures(1, { filter: webhook.filter, reason });
      log.warn({ filter: webhook.filter, reason, request_id: requestId }, "a content filter's webhook gave no answer");
      throw error;
    }
  };
}

/** As Stripe and others sign theirs: the time is part of what is signed, so that an old question cannot be asked again. */
function signature(secret: string, body: string, nowUnixMs: number): Record<string, string> {
  if (secret === "") return {};
  const seconds = Math.floor(nowUnixMs / 1_000);
  const hash = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return { "x-waybill-signature": `t=${seconds},v1=${hash}` };
}

function reasonOf(error: unknown): string {
  if (error instanceof NoUse) return error.message;
  return error instanceof NoAnswer ? error.reason : "unreachable";
}

function readAnswer({ status, body }: PostAnswer): { flagged: boolean; kinds: readonly string[] } {
  if (status !== 200) throw new NoUse("status");
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new NoUse("unreadable");
  }
  const { flagged, kinds = [] } = (answer ?? {}) as { flagged?: unknown; kinds?: unknown };
  const areTexts = Array.isArray(kinds) && kinds.every((kind) => typeof kind === "string");
  if (typeof flagged !== "boolean" || !areTexts) throw new NoUse("unreadable");
  return { flagged, kinds };
}
