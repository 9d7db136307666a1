// Alerts and webhooks of the wire as the admin API shows them.
import type { Alert, GetWebhookResponse, UsageDelivery, Webhook, WebhookDelivery } from "@waybill/wire";
import type { z } from "zod";
import * as schemas from "../schemas/alerts.ts";
import { isoTime, isoTimeOrNull } from "./iso-time.ts";

type AlertJson = z.input<typeof schemas.alert>;
type WebhookJson = z.input<typeof schemas.webhook>;

export function alertJson({ id, kind, organisationId, budgetId, raisedAtMs, summary, dataJson }: Alert): AlertJson {
  return {
    ...{ id, organisationId, summary },
    kind: schemas.alert.shape.kind.parse(kind),
    at: isoTime(raisedAtMs),
    budgetId: budgetId === "" ? null : budgetId,
    data: JSON.parse(dataJson),
  };
}

export function webhookJson({ id, organisationId, url, kinds, createdAtMs }: Webhook): WebhookJson {
  return {
    ...{ id, url, kinds },
    organisationId: organisationId === "" ? null : organisationId,
    createdAt: isoTime(createdAtMs),
  };
}

export function webhookDetailJson(
  webhook: Webhook,
  { deliveries, usage }: GetWebhookResponse,
): z.input<typeof schemas.webhookDetail> {
  return { ...webhookJson(webhook), usage: usage ? usageJson(usage) : null, deliveries: deliveries.map(deliveryJson) };
}

function usageJson(usage: UsageDelivery): z.input<typeof schemas.webhookDetail>["usage"] {
  const { tries, lastAnswer, lastTriedAtMs, nextAtMs, deliveredAtMs, deliveredEvents } = usage;
  const isWaiting = tries > 0;
  return {
    state: nextAtMs === 0n ? "stopped" : isWaiting ? "waiting" : "following",
    tries,
    lastAnswer: lastAnswer === "" ? null : lastAnswer,
    lastTriedAt: isoTimeOrNull(lastTriedAtMs),
    nextTryAt: isWaiting ? isoTimeOrNull(nextAtMs) : null,
    deliveredAt: isoTimeOrNull(deliveredAtMs),
    deliveredEvents: Number(deliveredEvents),
  };
}

function deliveryJson(delivery: WebhookDelivery): z.input<typeof schemas.webhookDetail>["deliveries"][number] {
  const { alertId, alertKind: kind, tries, lastAnswer, lastTriedAtMs, deliveredAtMs, nextAtMs } = delivery;
  const state = deliveredAtMs > 0n ? "delivered" : nextAtMs > 0n ? "waiting" : "given_up";
  return {
    ...{ alertId, kind, state, tries },
    lastAnswer: lastAnswer === "" ? null : lastAnswer,
    lastTriedAt: isoTimeOrNull(lastTriedAtMs),
    nextTryAt: isoTimeOrNull(nextAtMs),
  };
}
