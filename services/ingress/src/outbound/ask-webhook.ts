// Webhooks of content filters over HTTP: one question, one small answer, in time, to no private address unless that is allowed. The
// question is signed, so that the webhook can tell that it comes from here.
import { createHmac } from "node:crypto";
import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Clock } from "@waybill/domain";
import { isRefusedHost, type Secret, type ServiceScope, vettedLookup } from "@waybill/service";
import type { Webhook } from "../core/content-filters.ts";
import type { AskWebhook } from "../ports.ts";

const ANSWER_BYTES_MAX = 64 * 1024;

/** Why there is no answer, in one word for the metric. */
class NoAnswer extends Error {}

/** `secret`: signs the questions; empty: they are not signed. */
export function makeAskWebhook(secret: Secret, { metrics, log }: ServiceScope, clock: Clock): AskWebhook {
  const failures = metrics.counter(
    "waybill_ingress_filter_webhook_failures_total",
    "Webhooks of content filters that gave no answer, by filter and reason",
  );
  return async (webhook, { where, requestId, texts }) => {
    const body = JSON.stringify({ filter: webhook.filter, where, request_id: requestId, texts });
    try {
      return readAnswer(await post(webhook, body, signature(secret.reveal(), body, clock.unixMs())));
    } catch (error) {
      const reason = error instanceof NoAnswer ? error.message : "unreachable";
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

/** Redirects are not followed: they are no answer. */
function post(webhook: Webhook, body: string, signed: Record<string, string>): Promise<string> {
  const { url, timeoutMs, allowPrivateAddress } = webhook;
  return new Promise((resolve, reject) => {
    if (!allowPrivateAddress && isRefusedHost(url)) {
      reject(new NoAnswer("address_refused"));
      return;
    }
    const headers = {
      ...{ "content-type": "application/json", "content-length": Buffer.byteLength(body), "user-agent": "waybill" },
      ...signed,
    };
    const options: RequestOptions = {
      ...{ method: "POST", headers, signal: AbortSignal.timeout(timeoutMs) },
      ...(!allowPrivateAddress && { lookup: vettedLookup() }),
    };
    const request = url.startsWith("https:") ? requestHttps : requestHttp;
    const asking = request(url, options, (answer) => {
      if (answer.statusCode === 200) collect(answer).then(resolve, (error) => fail(error));
      else {
        answer.resume();
        fail(new NoAnswer("status"));
      }
    });
    const fail = (error: Error & { code?: string }): void => {
      if (error.name === "TimeoutError" || error.name === "AbortError") reject(new NoAnswer("timeout"));
      else reject(error.code === "EADDRREFUSED" ? new NoAnswer("address_refused") : error);
      asking.destroy();
    };
    asking.on("error", fail);
    asking.end(body);
  });
}

async function collect(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > ANSWER_BYTES_MAX) throw new NoAnswer("too_large");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function readAnswer(text: string): { flagged: boolean; kinds: readonly string[] } {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new NoAnswer("unreadable");
  }
  const { flagged, kinds = [] } = (answer ?? {}) as { flagged?: unknown; kinds?: unknown };
  const areTexts = Array.isArray(kinds) && kinds.every((kind) => typeof kind === "string");
  if (typeof flagged !== "boolean" || !areTexts) throw new NoAnswer("unreadable");
  return { flagged, kinds };
}
