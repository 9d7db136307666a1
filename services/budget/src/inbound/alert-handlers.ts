// AlertService: alerts as people list them, and webhooks as they are made, looked at, tested and deleted.
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type {
  AlertServiceServer,
  CreateWebhookRequest,
  CreateWebhookResponse,
  DeleteWebhookRequest,
  DeleteWebhookResponse,
  GetWebhookRequest,
  GetWebhookResponse,
  ListAlertsRequest,
  ListAlertsResponse,
  ListWebhooksRequest,
  ListWebhooksResponse,
  ReplayWebhookRequest,
  ReplayWebhookResponse,
  TestWebhookRequest,
  TestWebhookResponse,
  UsageDelivery,
  Webhook,
} from "@waybill/wire";
import type { AlertRows } from "../outbound/alert-rows.ts";
import { toWireAlert } from "../outbound/to-wire-alert.ts";
import type { StoredDelivery, StoredFollow, StoredWebhook, WebhookRows } from "../outbound/webhook-rows.ts";
import { orUnavailable } from "./budget-admin-handlers.ts";
import { readChange } from "./read-change.ts";

/** The last millisecond of the year 9999. */
const TIME_MS_MAX = 253_402_300_799_999n;
const PAGE = 100;
const PAGE_MAX = 1_000;

export interface AlertWorld {
  alerts: AlertRows;
  webhooks: WebhookRows;
  onError(error: unknown): void;
}

export function alertHandlers({ alerts, webhooks, onError }: AlertWorld): AlertServiceServer {
  return {
    listAlerts: unary(async ({ limit, ...filter }: ListAlertsRequest): Promise<ListAlertsResponse> => {
      const found = await orUnavailable(alerts.list({ ...filter, limit: Math.min(limit || PAGE, PAGE_MAX) }));
      return { alerts: found.map(toWireAlert) };
    }, onError),

    listWebhooks: unary(async ({ organisationId }: ListWebhooksRequest): Promise<ListWebhooksResponse> => {
      return { webhooks: (await orUnavailable(webhooks.list(organisationId))).map(toWire) };
    }, onError),

    getWebhook: unary(async ({ organisationId, id }: GetWebhookRequest): Promise<GetWebhookResponse> => {
      const { webhook, deliveries, usage } = await orUnavailable(webhooks.get(organisationId, id));
      return {
        webhook: toWire(webhook),
        deliveries: deliveries.map(toWireDelivery),
        usage: usage && toWireUsage(usage),
      };
    }, onError),

    createWebhook: unary(async ({ change, url, kinds }: CreateWebhookRequest): Promise<CreateWebhookResponse> => {
      const { webhook, secret } = await orUnavailable(webhooks.create(readChange(change), { url, kinds }));
      return { webhook: toWire(webhook), secret };
    }, onError),

    deleteWebhook: unary(async ({ change, id }: DeleteWebhookRequest): Promise<DeleteWebhookResponse> => {
      await orUnavailable(webhooks.delete(readChange(change), id));
      return {};
    }, onError),

    testWebhook: unary(async ({ change, id }: TestWebhookRequest): Promise<TestWebhookResponse> => {
      return { alertId: await orUnavailable(webhooks.test(readChange(change), id)) };
    }, onError),

    replayWebhook: unary(async ({ change, id, fromMs }: ReplayWebhookRequest): Promise<ReplayWebhookResponse> => {
      if (fromMs < 0n || fromMs > TIME_MS_MAX) {
        throw new WaybillError("invalid_value", { param: "from", publicMessage: "from is no time." });
      }
      const from = fromMs === 0n ? undefined : Number(fromMs);
      await orUnavailable(webhooks.replay(readChange(change), id, from));
      return {};
    }, onError),
  };
}

function toWire({ id, organisationId, url, kinds, createdAtMs }: StoredWebhook): Webhook {
  return { id, organisationId, url, kinds: [...kinds], createdAtMs: whole(createdAtMs) };
}

function toWireDelivery(delivery: StoredDelivery): GetWebhookResponse["deliveries"][number] {
  const { alertId, kind, tries, lastTriedAtMs, deliveredAtMs, nextAtMs, lastAnswer } = delivery;
  return {
    ...{ alertId, alertKind: kind, tries, lastAnswer },
    lastTriedAtMs: whole(lastTriedAtMs),
    deliveredAtMs: whole(deliveredAtMs),
    nextAtMs: whole(nextAtMs),
  };
}

function toWireUsage(usage: StoredFollow): UsageDelivery {
  const { tries, lastTriedAtMs, deliveredAtMs, nextAtMs, lastAnswer, deliveredEvents } = usage;
  return {
    ...{ tries, lastAnswer, deliveredEvents },
    lastTriedAtMs: whole(lastTriedAtMs),
    deliveredAtMs: whole(deliveredAtMs),
    nextAtMs: whole(nextAtMs),
  };
}

function whole(unixMs: number): bigint {
  return BigInt(Math.floor(unixMs));
}
