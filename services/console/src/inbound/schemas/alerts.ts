// Alerts as they are shown, and webhooks as they are given and shown.
import { z } from "zod";
import { isoTime, limit, organisation, reason } from "./basics.ts";

const kind = z.enum(["threshold", "projected", "burn_anomalous", "over_hold", "runaway", "price_unknown", "test"]);
const webhookKind = z.enum([...kind.options, "usage"]);
const ALERT_ID = /^[0-9a-f-]{36}$|^$/;
const WEBHOOK_ID = /^[0-9a-f]{16}$/;

export const alertsQuery = z.strictObject({
  organisation: organisation.optional(),
  budget: z.string().max(256).default("").describe("Of this budget"),
  kind: kind.optional(),
  cursor: z.string().regex(ALERT_ID, "is not one that we gave").default("").describe("As in the answer before"),
  limit,
});
export const alert = z.object({
  id: z.string(),
  kind,
  at: isoTime,
  organisationId: z.string(),
  budgetId: z.string().nullable(),
  summary: z.string().describe("One sentence for people"),
  data: z.record(z.string(), z.unknown()).describe("The figures, as webhooks are told them: docs/alerts.md"),
});
export const alertPage = z.object({
  alerts: z.array(alert).describe("Newest first"),
  nextCursor: z.string().nullable().describe("null: there is no more"),
});

export const createWebhookBody = z.strictObject({
  url: z.string().min(1).max(2_048).describe("https://, to no private address unless an operator allows them"),
  kinds: z
    .array(webhookKind)
    .max(webhookKind.options.length)
    .default([])
    .describe("Only alerts of these kinds, and usage for what is booked; empty: alerts of every kind"),
  reason: reason.default(""),
});
export const webhookParams = z.strictObject({ id: z.string().regex(WEBHOOK_ID, "is the id of no webhook") });
export const webhookQuery = z.strictObject({ organisation: organisation.optional(), reason: reason.default("") });
export const replayWebhookBody = z
  .strictObject({
    from: isoTime.optional().describe("Booked at or after; default: behind what it was told last"),
    reason: reason.default(""),
  })
  .optional();
export const testBody = z.strictObject({ reason: reason.default("") }).optional();

export const webhook = z.object({
  id: z.string(),
  organisationId: z.string().nullable().describe("null: told of alerts of every organisation"),
  url: z.string(),
  kinds: z.array(z.string()),
  createdAt: isoTime,
});
export const webhookList = z.object({ webhooks: z.array(webhook).describe("At most 20 of an organisation") });
export const createdWebhook = z.object({
  webhook,
  secret: z.string().describe("whsec_..., to verify signatures with; shown this one time"),
});
export const webhookDetail = webhook.extend({
  usage: z
    .object({
      state: z
        .enum(["following", "waiting", "stopped"])
        .describe("waiting: a batch was not taken and is sent again; stopped: nobody took it for a day, or 410"),
      tries: z.int().describe("Of the batch that it is to be told now"),
      lastAnswer: z.string().nullable().describe("2xx, or why a batch was not taken"),
      lastTriedAt: isoTime.nullable(),
      nextTryAt: isoTime.nullable(),
      deliveredAt: isoTime.nullable(),
      deliveredEvents: z.int(),
    })
    .nullable()
    .describe("How far it is told of what is booked; null: it is not"),
  deliveries: z
    .array(
      z.object({
        alertId: z.string(),
        kind: z.string(),
        state: z.enum(["waiting", "delivered", "given_up"]),
        tries: z.int(),
        lastAnswer: z.string().nullable().describe("An HTTP status, or timeout, unreachable, address_refused"),
        lastTriedAt: isoTime.nullable(),
        nextTryAt: isoTime.nullable(),
      }),
    )
    .describe("The newest 50, newest first"),
});
export const replayedWebhook = z.object({ id: z.string() });
export const deletedWebhook = z.object({ id: z.string() });
export const testedWebhook = z.object({ alertId: z.string().describe("The alert of the kind test that it is told") });
