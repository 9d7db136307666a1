// Webhooks on a real Postgres and over real HTTP: told until they answer, under one id, by one process at a time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool, type Pool, transact } from "@waybill/store";
import { startWebhookReceiver, type WebhookReceiver } from "@waybill/testing";
import { deliverAlerts, type WebhookPost } from "../tell-alerts.ts";
import type { ChangeBy } from "./account-change.ts";
import { alertRows } from "./alert-rows.ts";
import { startTestBudgets } from "./postgres-budgets.test.ts";
import { raiseAlerts } from "./raise-alerts.ts";
import { webhookPost } from "./webhook-post.ts";
import { type WebhookRows, webhookRows } from "./webhook-rows.ts";

const by = (organisationId: string): ChangeBy => ({ ...{ actorId: "k", actorName: "n", reason: "", organisationId } });

interface World {
  pool: Pool;
  webhooks: WebhookRows;
  receiver: WebhookReceiver;
  deliver(): Promise<void>;
  /** Lets what waits be due. */
  hurry(): Promise<void>;
  raise(organisationId: string, once: string): Promise<string>;
}

async function withWebhooks(work: (world: World) => Promise<void>): Promise<void> {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1n });
  const pool = openPool({ url: kit.url, applicationName: "webhooks", connectionsMax: 4 });
  await using receiver = await startWebhookReceiver();
  const post: WebhookPost = webhookPost({
    ...{ pool, master: "master", allowPrivateAddress: true, unixMs: Date.now, onTried: () => {} },
  });
  try {
    await work({
      ...{ pool, receiver },
      webhooks: webhookRows({ pool, master: "master", allowPrivateAddress: true, canFollow: true }),
      async deliver() {
        while (await deliverAlerts(post));
      },
      async hurry() {
        await kit.owner.query("UPDATE budget.webhook_delivery SET next_at = now() WHERE next_at IS NOT NULL");
      },
      async raise(organisationId, once) {
        const alert = { kind: "threshold", once, organisationId, budgetId: "b", summary: "S.", data: {} } as const;
        const [raised] = await transact(pool, (client) => raiseAlerts(client, [alert]));
        return raised?.id ?? "";
      },
    });
  } finally {
    await pool.end();
  }
}

test("a receiver that fails is told again under the same id, until it has answered", () =>
  withWebhooks(async ({ webhooks, receiver, deliver, hurry, raise }) => {
    const { url, told, answers } = receiver;
    const { webhook, secret } = await webhooks.create(by("acme"), { url, kinds: [] });
    answers.push(500, 302);
    const id = await raise("acme", "one");
    for (let round = 0; round < 3; round += 1) {
      await deliver();
      await hurry();
    }
    await deliver();
    assert.equal(told.length, 3);
    assert.deepEqual(
      receiver.verified(secret).map((event) => event.id),
      [id, id, id],
    );
    for (const { headers } of told) {
      assert.equal(headers["webhook-id"], id);
      assert.match(headers["content-type"] ?? "", /^application\/cloudevents\+json/);
    }
    const { deliveries } = await webhooks.get("acme", webhook.id);
    assert.deepEqual(
      deliveries.map(({ tries, lastAnswer, nextAtMs }) => [tries, lastAnswer, nextAtMs]),
      [[3, "204", 0]],
    );
    assert.ok((deliveries[0]?.deliveredAtMs ?? 0) > 0);
  }));

test("a webhook hears of its organisation and its kinds; one of the installation of every organisation", () =>
  withWebhooks(async ({ webhooks, receiver: { url, told }, deliver, raise }) => {
    await webhooks.create(by("acme"), { url: `${url}/acme`, kinds: ["runaway"] });
    await webhooks.create(by("other"), { url: `${url}/other`, kinds: ["threshold", "test"] });
    await webhooks.create(by(""), { url: `${url}/all`, kinds: [] });
    await raise("acme", "one");
    await deliver();
    assert.equal(told.length, 1);
    await raise("other", "two");
    await deliver();
    assert.equal(told.length, 3);
  }));

test("two processes tell it once, and what one died with is told by the other when its lease is over", () =>
  withWebhooks(async ({ pool, webhooks, receiver: { url, told }, deliver, hurry, raise }) => {
    await webhooks.create(by("acme"), { url, kinds: [] });
    await raise("acme", "one");
    await Promise.all([deliver(), deliver(), deliver()]);
    assert.equal(told.length, 1);
    await raise("acme", "two");
    const dying = webhookPost({
      ...{ pool, master: "master", allowPrivateAddress: true, unixMs: Date.now, onTried: () => {} },
    });
    assert.equal((await dying.take()).length, 1);
    await deliver();
    assert.equal(told.length, 1, "it is in the other's hand");
    await hurry();
    await deliver();
    assert.equal(told.length, 2);
  }));

test("a private address is refused when it is made and, by what its name resolves to, when it is told", () =>
  withWebhooks(async ({ pool, webhooks, receiver: { url, told }, raise }) => {
    const outside = webhookRows({ pool, master: "master", allowPrivateAddress: false, canFollow: true });
    await assert.rejects(outside.create(by("acme"), { url: "https://127.0.0.1/x", kinds: [] }), /private address/);
    await assert.rejects(outside.create(by("acme"), { url, kinds: [] }), /https/);
    const byName = url.replace("127.0.0.1", "localhost");
    const { webhook } = await webhooks.create(by("acme"), { url: byName, kinds: [] });
    await raise("acme", "one");
    const post = webhookPost({
      ...{ pool, master: "master", allowPrivateAddress: false, unixMs: Date.now, onTried: () => {} },
    });
    await deliverAlerts(post);
    assert.equal(told.length, 0);
    assert.equal((await webhooks.get("acme", webhook.id)).deliveries[0]?.lastAnswer, "address_refused");
  }));

test("another organisation's webhook is none, there is a most, and each change is in the audit log", () =>
  withWebhooks(async ({ pool, webhooks, receiver: { url } }) => {
    const { webhook } = await webhooks.create({ ...by("acme"), reason: "ops" }, { url, kinds: [] });
    await assert.rejects(webhooks.get("other", webhook.id), /no such webhook/);
    await assert.rejects(webhooks.delete(by("other"), webhook.id), /no such webhook/);
    for (let n = 1; n < 20; n += 1) await webhooks.create(by("acme"), { url, kinds: [] });
    await assert.rejects(webhooks.create(by("acme"), { url, kinds: [] }), /20 webhooks/);
    assert.equal((await webhooks.list("acme")).length, 20);
    await webhooks.delete(by("acme"), webhook.id);
    const { rows } = await pool.query(
      "SELECT action, reason, after FROM accounts.audit WHERE kind = 'webhook' ORDER BY id",
    );
    assert.deepEqual([rows[0]?.action, rows[0]?.reason, rows.at(-1)?.action], ["create", "ops", "delete"]);
    assert.doesNotMatch(JSON.stringify(rows), /whsec|salt/);
    const without = webhookRows({ pool, master: "", allowPrivateAddress: true, canFollow: true });
    await assert.rejects(without.create(by("acme"), { url, kinds: [] }), /WAYBILL_ALERT_WEBHOOK_SECRET/);
  }));

test("alerts are listed newest first, page by page, and by budget and kind", () =>
  withWebhooks(async ({ pool, raise, webhooks, receiver: { url } }) => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift(await raise("acme", `once-${n}`));
    await raise("other", "theirs");
    assert.equal(await raise("acme", "once-0"), "", "told before");
    const { list } = alertRows(pool);
    const filter = { organisationId: "acme", budgetId: "", kind: "", beforeId: "", limit: 3 };
    const first = (await list(filter)).map(({ id }) => id);
    const rest = (await list({ ...filter, beforeId: first.at(-1) ?? "" })).map(({ id }) => id);
    assert.deepEqual([...first, ...rest], ids);
    const { webhook } = await webhooks.create(by("acme"), { url, kinds: [] });
    const tested = await webhooks.test(by("acme"), webhook.id);
    assert.deepEqual(
      (await list({ ...filter, kind: "test" })).map(({ id }) => id),
      [tested],
    );
    assert.deepEqual(await list({ ...filter, budgetId: "none" }), []);
  }));
