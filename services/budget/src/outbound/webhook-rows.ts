// Webhooks as people make, list and delete them, each change with its line in the audit log.
import { randomBytes } from "node:crypto";
import { WaybillError } from "@waybill/domain";
import { isRefusedHost, makeUuidV7 } from "@waybill/service";
import { type Pool, type Row, transact } from "@waybill/store";
import type { AlertKind } from "../core/alert.ts";
import { checkWebhook, type WebhookFields } from "../core/webhook-rules.ts";
import { type ChangeBy, writeAudit } from "./account-change.ts";
import { webhookSecret } from "./sign-webhook.ts";

/** Of one organisation. */
const WEBHOOKS_MAX = 20;
const DELIVERIES_SHOWN = 50;

export interface StoredWebhook extends WebhookFields {
  id: string;
  organisationId: string;
  createdAtMs: number;
}

export interface StoredDelivery {
  alertId: string;
  kind: AlertKind;
  tries: number;
  lastTriedAtMs: number;
  deliveredAtMs: number;
  nextAtMs: number;
  lastAnswer: string;
}

export interface WebhookRows {
  list(organisationId: string): Promise<StoredWebhook[]>;
  get(organisationId: string, id: string): Promise<{ webhook: StoredWebhook; deliveries: StoredDelivery[] }>;
  create(by: ChangeBy, fields: WebhookFields): Promise<{ webhook: StoredWebhook; secret: string }>;
  delete(by: ChangeBy, id: string): Promise<void>;
  /** The alert that it will be told. */
  test(by: ChangeBy, id: string): Promise<string>;
}

export interface WebhookOptions {
  pool: Pool;
  /** What secrets are derived from; empty: webhooks cannot be made. */
  master: string;
  allowPrivateAddress: boolean;
}

const MS = (column: string): string => `coalesce((extract(epoch FROM ${column}) * 1000)::float8, 0)`;
const COLUMNS = `id, organisation_id, url, kinds, ${MS("created_at")} AS created_at_ms`;
const DELIVERIES = `
  SELECT d.alert_id, a.kind, d.tries, d.last_answer, ${MS("d.last_tried_at")} AS last_tried_at_ms,
    ${MS("d.delivered_at")} AS delivered_at_ms, ${MS("d.next_at")} AS next_at_ms
  FROM budget.webhook_delivery d JOIN budget.alert a ON a.id = d.alert_id
  WHERE d.webhook_id = $1 ORDER BY coalesce(d.last_tried_at, a.raised_at) DESC, a.id DESC LIMIT ${DELIVERIES_SHOWN}`;
const TEST_ALERT = `
  WITH alert AS (
    INSERT INTO budget.alert (id, once, organisation_id, kind, budget_id, raised_at, summary, data, published_at)
    -- It is no news to the bus.
    VALUES ($1, 'test:' || $1, $2, 'test', '', budget.clock(), 'This is a test: nothing happened.', '{}', budget.clock())
    RETURNING id)
  INSERT INTO budget.webhook_delivery (alert_id, webhook_id, next_at) SELECT id, $3, budget.clock() FROM alert`;

/** Throws WaybillError: invalid_value, not_found. */
export function webhookRows({ pool, master, allowPrivateAddress }: WebhookOptions): WebhookRows {
  const find = async (organisationId: string, id: string): Promise<StoredWebhook> => {
    const { rows } = await pool.query<Row>(`SELECT ${COLUMNS} FROM budget.webhook WHERE id = $1`, [id]);
    const [row] = rows;
    // Another organisation's webhook is none at all.
    if (!row || (organisationId !== "" && row.organisation_id !== organisationId)) {
      throw new WaybillError("not_found", { publicMessage: "There is no such webhook." });
    }
    return toWebhook(row);
  };
  return {
    async list(organisationId) {
      const text = `SELECT ${COLUMNS} FROM budget.webhook WHERE $1 = '' OR organisation_id = $1 ORDER BY created_at, id`;
      return (await pool.query<Row>(text, [organisationId])).rows.map(toWebhook);
    },
    async get(organisationId, id) {
      const webhook = await find(organisationId, id);
      return { webhook, deliveries: (await pool.query<Row>(DELIVERIES, [id])).rows.map(toDelivery) };
    },
    async create(by, fields) {
      checkWebhook(fields, allowPrivateAddress);
      if (!allowPrivateAddress && isRefusedHost(fields.url)) {
        throw new WaybillError("invalid_value", {
          param: "url",
          publicMessage: "url must not name a private address.",
        });
      }
      if (master === "") {
        const publicMessage =
          "Webhooks need WAYBILL_ALERT_WEBHOOK_SECRET of the budget service: set it and start it again.";
        throw new WaybillError("invalid_value", { param: "url", publicMessage });
      }
      const [id, salt] = [randomBytes(8).toString("hex"), randomBytes(16).toString("hex")];
      const webhook = await transact(pool, async (client) => {
        // Two that are made at once must not pass each other.
        await client.query("LOCK TABLE budget.webhook IN SHARE ROW EXCLUSIVE MODE");
        const count = "SELECT count(*)::int AS count FROM budget.webhook WHERE organisation_id = $1";
        if ((await client.query<Row>(count, [by.organisationId])).rows[0]?.count >= WEBHOOKS_MAX) {
          const publicMessage = `There are ${WEBHOOKS_MAX} webhooks, which is the most: delete one first.`;
          throw new WaybillError("invalid_value", { param: "url", publicMessage });
        }
        const { rows } = await client.query<Row>(
          `INSERT INTO budget.webhook (id, organisation_id, url, salt, kinds, created_at)
           VALUES ($1, $2, $3, $4, $5, budget.clock()) RETURNING ${COLUMNS}`,
          [id, by.organisationId, fields.url, salt, fields.kinds],
        );
        await writeAudit(client, by, {
          ...{ action: "create", kind: "webhook", name: id, organisationId: by.organisationId, after: fields },
        });
        return toWebhook(rows[0] as Row);
      });
      return { webhook, secret: webhookSecret(master, id, salt) };
    },
    async delete(by, id) {
      const { organisationId, url, kinds } = await find(by.organisationId, id);
      await transact(pool, async (client) => {
        await client.query("DELETE FROM budget.webhook WHERE id = $1", [id]);
        await writeAudit(client, by, {
          ...{ action: "delete", kind: "webhook", name: id, organisationId, before: { url, kinds } },
        });
      });
    },
    async test(by, id) {
      const { organisationId } = await find(by.organisationId, id);
      const alertId = makeUuidV7();
      await pool.query(TEST_ALERT, [alertId, organisationId, id]);
      return alertId;
    },
  };
}

function toWebhook(row: Row): StoredWebhook {
  const { id, organisation_id: organisationId, url, kinds, created_at_ms: createdAtMs } = row;
  return { id, organisationId, url, kinds, createdAtMs };
}

function toDelivery(row: Row): StoredDelivery {
  return {
    alertId: row.alert_id,
    kind: row.kind,
    tries: row.tries,
    lastTriedAtMs: row.last_tried_at_ms,
    deliveredAtMs: row.delivered_at_ms,
    nextAtMs: row.next_at_ms,
    lastAnswer: row.last_answer,
  };
}
