// Deliveries to webhooks: taken from Postgres under a lease, sent over HTTP, and what came of them.
import { NoAnswer, postVetted } from "@waybill/service";
import type { Pool, Row } from "@waybill/store";
import { cloudEvent } from "../core/cloud-event.ts";
import type { WebhookPost } from "../tell-alerts.ts";
import { toAlert } from "./alert-rows.ts";
import { signedHeaders, webhookSecret } from "./sign-webhook.ts";

const TIMEOUT_MS = 10_000;
/** Longer than a try takes; whoever died with it in hand leaves it to the next after this. */
const LEASE_S = 30;
const AT_ONCE_MAX = 16;

const TAKE = `
  WITH due AS (
    SELECT w.id AS webhook_id, w.url, w.salt, next.alert_id
    FROM budget.webhook w CROSS JOIN LATERAL (
      SELECT d.alert_id FROM budget.webhook_delivery d
      WHERE d.webhook_id = w.id AND d.next_at <= budget.clock() ORDER BY d.next_at LIMIT 1 FOR UPDATE SKIP LOCKED) next
    LIMIT ${AT_ONCE_MAX}),
  taken AS (
    UPDATE budget.webhook_delivery d SET next_at = budget.clock() + make_interval(secs => ${LEASE_S}), tries = d.tries + 1,
      last_tried_at = budget.clock()
    FROM due WHERE d.alert_id = due.alert_id AND d.webhook_id = due.webhook_id
    RETURNING d.alert_id, d.webhook_id, d.tries, due.url, due.salt)
  SELECT t.webhook_id, t.tries, t.url, t.salt, a.*, (extract(epoch FROM a.raised_at) * 1000)::float8 AS raised_at_ms
  FROM taken t JOIN budget.alert a ON a.id = t.alert_id`;

const NOTE = `
  UPDATE budget.webhook_delivery SET last_answer = $3, delivered_at = CASE WHEN $4 THEN budget.clock() END,
    next_at = budget.clock() + make_interval(secs => $5::float8)
  WHERE alert_id = $1 AND webhook_id = $2`;

export interface WebhookPostOptions {
  pool: Pool;
  master: string;
  allowPrivateAddress: boolean;
  unixMs(): number;
  onTried: WebhookPost["onTried"];
}

export function webhookPost({ pool, master, allowPrivateAddress, unixMs, onTried }: WebhookPostOptions): WebhookPost {
  return {
    async take() {
      const { rows } = await pool.query<Row>(TAKE);
      return rows.map((row) => ({
        alert: toAlert(row),
        webhookId: row.webhook_id,
        url: row.url,
        salt: row.salt,
        tries: row.tries,
      }));
    },
    async send({ alert, webhookId, url, salt }) {
      const body = cloudEvent(alert);
      const secret = webhookSecret(master, webhookId, salt);
      const headers = {
        "content-type": "application/cloudevents+json; charset=utf-8",
        ...signedHeaders(secret, alert.id, body, unixMs()),
      };
      try {
        return (await postVetted({ url, headers, body, timeoutMs: TIMEOUT_MS, allowPrivateAddress, answerBytesMax: 0 }))
          .status;
      } catch (error) {
        return error instanceof NoAnswer ? error.reason : "unreachable";
      }
    },
    async note({ alert, webhookId }, answer, next) {
      const seconds = next.kind === "retry" ? next.afterMs / 1_000 : null;
      await pool.query(NOTE, [alert.id, webhookId, String(answer), next.kind === "delivered", seconds]);
    },
    chance: Math.random,
    onTried,
  };
}
