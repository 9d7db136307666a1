// Webhooks that are told of alerts and of what is booked: kept and served by the budget service.
import { WaybillError } from "@waybill/domain";
import {
  CreateWebhookRequest,
  DeleteWebhookRequest,
  GetWebhookRequest,
  ListWebhooksRequest,
  ReplayWebhookRequest,
  TestWebhookRequest,
} from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import * as schemas from "../schemas/alerts.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import { webhookDetailJson, webhookJson } from "../to-json/alert-json.ts";
import { msOf } from "./what-if.ts";

const HERE = { tag: "alerts", dialect: "waybill" } as const;
const WEBHOOKS = "/api/v1/webhooks";
const WEBHOOK = `${WEBHOOKS}/{id}`;

export function webhookEndpoints(owners: Owners): AnyEndpoint[] {
  return [
    ...[listWebhooks(owners), getWebhook(owners), createWebhook(owners)],
    ...[deleteWebhook(owners), testWebhook(owners), replayWebhook(owners)],
  ];
}

const listWebhooks = ({ alerts }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: WEBHOOKS,
    id: "listWebhooks",
    summary: "Webhooks that are told of alerts, or of what is booked",
    params: nothing,
    query: organisationQuery,
    body: noBody,
    answer: schemas.webhookList,
    async handle({ admin: { organisationId } }) {
      const { webhooks } = await alerts.listWebhooks(ListWebhooksRequest.create({ organisationId }));
      return { webhooks: webhooks.map(webhookJson) };
    },
  });

const getWebhook = ({ alerts }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: WEBHOOK,
    id: "getWebhook",
    summary: "A webhook, and what it was told lately",
    params: schemas.webhookParams,
    query: organisationQuery,
    body: noBody,
    answer: schemas.webhookDetail,
    async handle({ admin: { organisationId }, params: { id } }) {
      const found = await alerts.getWebhook(GetWebhookRequest.create({ organisationId, id }));
      if (!found.webhook) throw new WaybillError("internal_error");
      return webhookDetailJson(found.webhook, found);
    },
  });

const createWebhook = ({ alerts }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: WEBHOOKS,
    id: "createWebhook",
    summary: "Have alerts, or what is booked, sent to an address, signed",
    description:
      "Without an organisation, a key for the whole installation has it told of the alerts of every organisation.",
    params: nothing,
    query: organisationQuery,
    body: schemas.createWebhookBody,
    answer: schemas.createdWebhook,
    status: 201,
    async handle({ admin: { actor, organisationId }, body: { url, kinds, reason } }) {
      const change = { actor, reason, organisationId };
      const { webhook, secret } = await alerts.createWebhook(CreateWebhookRequest.create({ change, url, kinds }));
      if (!webhook) throw new WaybillError("internal_error");
      return { webhook: webhookJson(webhook), secret };
    },
  });

const deleteWebhook = ({ alerts }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "DELETE",
    path: WEBHOOK,
    id: "deleteWebhook",
    summary: "Tell a webhook of nothing more",
    params: schemas.webhookParams,
    query: schemas.webhookQuery,
    body: noBody,
    answer: schemas.deletedWebhook,
    async handle({ admin: { actor, organisationId }, params: { id }, query: { reason } }) {
      await alerts.deleteWebhook(DeleteWebhookRequest.create({ change: { actor, reason, organisationId }, id }));
      return { id };
    },
  });

const testWebhook = ({ alerts }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${WEBHOOK}/test`,
    id: "testWebhook",
    summary: "Send a webhook an alert of the kind test",
    params: schemas.webhookParams,
    query: organisationQuery,
    body: schemas.testBody,
    answer: schemas.testedWebhook,
    async handle({ admin: { actor, organisationId }, params: { id }, body }) {
      const change = { actor, reason: body?.reason ?? "", organisationId };
      return alerts.testWebhook(TestWebhookRequest.create({ change, id }));
    },
  });

const replayWebhook = ({ alerts }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: `${WEBHOOK}/replay`,
    id: "replayWebhook",
    summary: "Have a webhook told again of what was booked, from any time on",
    description: "Without a time, one that has stopped goes on behind what it was told last.",
    params: schemas.webhookParams,
    query: organisationQuery,
    body: schemas.replayWebhookBody,
    answer: schemas.replayedWebhook,
    async handle({ admin: { actor, organisationId }, params: { id }, body }) {
      const change = { actor, reason: body?.reason ?? "", organisationId };
      await alerts.replayWebhook(ReplayWebhookRequest.create({ change, id, fromMs: msOf(body?.from) }));
      return { id };
    },
  });
