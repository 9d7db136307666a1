// Usage for webhooks: whose turn it is in Postgres, what was booked from a ledger, a batch over HTTP.
import { createHash } from "node:crypto";
import { NoAnswer, postVetted } from "@waybill/service";
import type { Pool, Row } from "@waybill/store";
import type { Follower, UsagePost } from "../tell-usage.ts";
import type { LedgerEvents } from "./ledger-events.ts";
import { signedHeaders, webhookSecret } from "./sign-webhook.ts";

const TIMEOUT_MS = 10_000;
/** Longer than a try takes; whoever died with it in hand leaves it to the next after this. */
const LEASE_S = 30;

const DUE = `
  SELECT f.webhook_id, w.organisation_id, w.url, w.salt, f.place, f.from_at::text AS from_at,
    floor(extract(epoch FROM f.from_at) * 1000)::float8 AS from_ms, f.tries
  FROM budget.webhook_follow f JOIN budget.webhook w ON w.id = f.webhook_id
  WHERE f.next_at <= budget.clock() ORDER BY f.next_at LIMIT $1`;
// Its place says that it is still the one that was read: nobody else told it, nobody had it replayed.
const LEASE = `
  UPDATE budget.webhook_follow SET next_at = budget.clock() + make_interval(secs => ${LEASE_S}), tries = tries + 1,
    last_tried_at = budget.clock()
  WHERE webhook_id = $1 AND place = $2 AND from_at = $3::timestamptz AND next_at <= budget.clock()`;
const MOVE_ON = `
  UPDATE budget.webhook_follow SET place = $3, tries = 0, next_at = budget.clock(), delivered_events = delivered_events + $4,
    last_answer = CASE WHEN $4 > 0 THEN '2xx' ELSE last_answer END,
    delivered_at = CASE WHEN $4 > 0 THEN budget.clock() ELSE delivered_at END
  WHERE webhook_id = $1 AND place = $2 AND from_at = $5::timestamptz`;
const PUT_OFF = `
  UPDATE budget.webhook_follow SET last_answer = $4, next_at = budget.clock() + make_interval(secs => $5::float8)
  WHERE webhook_id = $1 AND place = $2 AND from_at = $3::timestamptz`;

export interface UsagePostOptions {
  pool: Pool;
  ledger: LedgerEvents;
  master: string;
  allowPrivateAddress: boolean;
  unixMs(): number;
  onTried: UsagePost["onTried"];
  failpoint(name: string): void;
}

/** Those that are due, at most so many, the one that waits longest first. */
export async function dueFollowers(pool: Pool, limit: number): Promise<Follower[]> {
  const { rows } = await pool.query<Row>(DUE, [limit]);
  return rows.map((row) => ({
    webhookId: row.webhook_id,
    organisationId: row.organisation_id,
    url: row.url,
    salt: row.salt,
    place: row.place,
    fromMs: row.from_ms,
    fromAt: row.from_at,
    tries: row.tries,
  }));
}

export function usagePost(options: UsagePostOptions): UsagePost {
  const { pool, ledger, master, allowPrivateAddress, unixMs, onTried, failpoint } = options;
  return {
    read: (follower) => ledger.read(follower),
    async lease({ webhookId, place, fromAt }) {
      return (await pool.query(LEASE, [webhookId, place, fromAt])).rowCount === 1;
    },
    async send({ webhookId, url, salt, place, fromAt }, { events, next }) {
      // A batch as CloudEvents has it: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
      const body = `[${events.join(",")}]`;
      // The same for the same batch, whoever sends it.
      const id = createHash("sha256")
        .update([webhookId, place || fromAt, next].join(" "))
        .digest("hex")
        .slice(0, 32);
      const headers = {
        "content-type": "application/cloudevents-batch+json; charset=utf-8",
        ...signedHeaders(webhookSecret(master, webhookId, salt), id, body, unixMs()),
      };
      try {
        const sent = { url, headers, body, timeoutMs: TIMEOUT_MS, allowPrivateAddress, answerBytesMax: 0 };
        const { status } = await postVetted(sent);
        failpoint("usage_webhook_sent");
        return status;
      } catch (error) {
        return error instanceof NoAnswer ? error.reason : "unreachable";
      }
    },
    async moveOn({ webhookId, place, fromAt }, next, delivered) {
      return (await pool.query(MOVE_ON, [webhookId, place, next, delivered, fromAt])).rowCount === 1;
    },
    async putOff({ webhookId, place, fromAt }, answer, next) {
      const seconds = next.kind === "retry" ? next.afterMs / 1_000 : null;
      await pool.query(PUT_OFF, [webhookId, place, fromAt, String(answer), seconds]);
    },
    chance: Math.random,
    onTried,
  };
}
