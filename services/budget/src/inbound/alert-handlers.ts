// AlertService: alerts as people list them, and webhooks as they are made, looked at, tested and deleted.
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
  TestWebhookRequest,
  TestWebhookResponse,
  Webhook,
} from "@waybill/wire";
import type { AlertRows } from "../outbound/alert-rows.ts";
import { toWireAlert } from "../outbound/to-wire-alert.ts";
import type { StoredDelivery, StoredWebhook, WebhookRows } from "../outbound/webhook-rows.ts";
import { orUnavailable } from "./budget-admin-handlers.ts";
import { readChange } from "./read-change.ts";

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
      const { webhook, deliveries } = await orUnavailable(webhooks.get(organisationId, id));
      return { webhook: toWire(webhook), deliveries: deliveries.map(toWireDelivery) };
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

function whole(unixMs: number): bigint {
  return BigInt(Math.floor(unixMs));
}
