// Webhooks as people make, list and delete them, each change with its line in the audit log.
import { randomBytes } from "node:crypto";
import { WaybillError } from "@waybill/domain";
import { isRefusedHost, makeUuidV7 } from "@waybill/service";
import { type Pool, type Row, transact } from "@waybill/store";
import type { AlertKind } from "../core/alert.ts";
import { checkWebhook, USAGE_KIND, type WebhookFields } from "../core/webhook-rules.ts";
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

/** How far a webhook is told of what is booked. Times in Unix milliseconds; 0: not yet, of `nextAtMs`: it has stopped. */
export interface StoredFollow {
  tries: number;
  lastTriedAtMs: number;
  deliveredAtMs: number;
  nextAtMs: number;
  lastAnswer: string;
  deliveredEvents: bigint;
}

/** A webhook with what came of it. */
interface WebhookStanding {
  webhook: StoredWebhook;
  deliveries: StoredDelivery[];
  /** Undefined: it is not told of what is booked. */
  usage: StoredFollow | undefined;
}

export interface WebhookRows {
  list(organisationId: string): Promise<StoredWebhook[]>;
  get(organisationId: string, id: string): Promise<WebhookStanding>;
  create(by: ChangeBy, fields: WebhookFields): Promise<{ webhook: StoredWebhook; secret: string }>;
  delete(by: ChangeBy, id: string): Promise<void>;
  /** The alert that it will be told. */
  test(by: ChangeBy, id: string): Promise<string>;
  /** Has it told from `fromMs` on; undefined: behind what it was told last. */
  replay(by: ChangeBy, id: string, fromMs: number | undefined): Promise<void>;
}

export interface WebhookOptions {
  pool: Pool;
  /** What secrets are derived from; empty: webhooks cannot be made. */
  master: string;
  allowPrivateAddress: boolean;
  /** Whether webhooks may be told of what is booked. */
  canFollow: boolean;
}

const MS = (column: string): string => `coalesce((extract(epoch FROM ${column}) * 1000)::float8, 0)`;
const COLUMNS = `id, organisation_id, url, kinds, ${MS("created_at")} AS created_at_ms`;
const DELIVERIES = `
  SELECT d.alert_id, a.kind, d.tries, d.last_answer, ${MS("d.last_tried_at")} AS last_tried_at_ms,
    ${MS("d.delivered_at")} AS delivered_at_ms, ${MS("d.next_at")} AS next_at_ms
  FROM budget.webhook_delivery d JOIN budget.alert a ON a.id = d.alert_id
  WHERE d.webhook_id = $1 ORDER BY coalesce(d.last_tried_at, a.raised_at) DESC, a.id DESC LIMIT ${DELIVERIES_SHOWN}`;
const FOLLOW = `
  SELECT tries, last_answer, delivered_events, ${MS("last_tried_at")} AS last_tried_at_ms, ${MS("delivered_at")} AS delivered_at_ms,
    ${MS("next_at")} AS next_at_ms
  FROM budget.webhook_follow WHERE webhook_id = $1`;
// Whoever is telling it now finds its place moved, and leaves it.
const REPLAY = `
  UPDATE budget.webhook_follow SET tries = 0, next_at = budget.clock(), last_answer = '',
    place = CASE WHEN $2::float8 IS NULL THEN place ELSE '' END, from_at = coalesce(to_timestamp($2::float8), from_at)
  WHERE webhook_id = $1`;
const TEST_ALERT = `
  WITH alert AS (
    INSERT INTO budget.alert (id, once, organisation_id, kind, budget_id, raised_at, summary, data, published_at)
    -- It is no news to the bus.
    VALUES ($1, 'test:' || $1, $2, 'test', '', budget.clock(), 'This is a test: nothing happened.', '{}', budget.clock())
    RETURNING id)
  INSERT INTO budget.webhook_delivery (alert_id, webhook_id, next_at) SELECT id, $3, budget.clock() FROM alert`;

/** Throws WaybillError: invalid_value, not_found. */
export function webhookRows({ pool, master, allowPrivateAddress, canFollow }: WebhookOptions): WebhookRows {
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
      const [{ rows }, { rows: follows }] = [
        await pool.query<Row>(DELIVERIES, [id]),
        await pool.query<Row>(FOLLOW, [id]),
      ];
      return { webhook, deliveries: rows.map(toDelivery), usage: follows.map(toFollow)[0] };
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
      checkCanFollow(fields.kinds, canFollow);
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
        if (fields.kinds.includes(USAGE_KIND)) {
          const follow = `INSERT INTO budget.webhook_follow (webhook_id, place, from_at, next_at)
            SELECT $1, '', at, at FROM budget.clock() AS at`;
          await client.query(follow, [id]);
        }
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
    async replay(by, id, fromMs) {
      await replay(pool, by, await find(by.organisationId, id), fromMs);
    },
  };
}

async function replay(
  pool: Pool,
  by: ChangeBy,
  { id, organisationId, kinds }: StoredWebhook,
  fromMs: number | undefined,
): Promise<void> {
  if (!kinds.includes(USAGE_KIND)) {
    const publicMessage = "It is not told of what is booked: make a webhook of the kind usage.";
    throw new WaybillError("invalid_value", { param: "id", publicMessage });
  }
  await transact(pool, async (client) => {
    await client.query(REPLAY, [id, fromMs === undefined ? null : fromMs / 1_000]);
    const after = { replayedFrom: fromMs === undefined ? null : new Date(fromMs).toISOString() };
    await writeAudit(client, by, { action: "update", kind: "webhook", name: id, organisationId, after });
  });
}

function checkCanFollow(kinds: readonly string[], canFollow: boolean): void {
  if (canFollow || !kinds.includes(USAGE_KIND)) return;
  const publicMessage = "Webhooks for usage need WAYBILL_LEDGER_URLS of the budget service: set it and start it again.";
  throw new WaybillError("invalid_value", { param: "kinds", publicMessage });
}

function toWebhook(row: Row): StoredWebhook {
  const { id, organisation_id: organisationId, url, kinds, created_at_ms: createdAtMs } = row;
  return { id, organisationId, url, kinds, createdAtMs };
}

function toFollow(row: Row): StoredFollow {
  return {
    tries: row.tries,
    lastTriedAtMs: row.last_tried_at_ms,
    deliveredAtMs: row.delivered_at_ms,
    nextAtMs: row.next_at_ms,
    lastAnswer: row.last_answer,
    deliveredEvents: row.delivered_events,
  };
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
