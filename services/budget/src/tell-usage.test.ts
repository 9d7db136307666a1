// Telling webhooks of what is booked, on a real Postgres and over real HTTP; what was booked is a list that the test keeps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPool, type Pool } from "@waybill/store";
import { startWebhookReceiver, type WebhookReceiver } from "@waybill/testing";
import type { LedgerEvents } from "./outbound/ledger-events.ts";
import { startTestBudgets } from "./outbound/postgres-budgets.test.ts";
import { dueFollowers, usagePost } from "./outbound/usage-post.ts";
import { type WebhookRows, webhookRows } from "./outbound/webhook-rows.ts";
import { tellFollower, type UsagePost } from "./tell-usage.ts";

const by = (organisationId: string) => ({ actorId: "k", actorName: "n", reason: "", organisationId });

/** Two entries in each page; a place is how many lie before it. */
function booksOf(booked: readonly { id: string; organisation: string }[]): LedgerEvents {
  return {
    async read({ organisationId, place }) {
      const from = Number(place);
      const page = booked.slice(from, from + 2);
      return {
        events: page
          .filter(({ organisation }) => organisationId === "" || organisation === organisationId)
          .map((event) => JSON.stringify(event)),
        next: String(from + page.length),
        more: from + 2 < booked.length,
      };
    },
    close: () => {},
  };
}

interface World {
  pool: Pool;
  webhooks: WebhookRows;
  receiver: WebhookReceiver;
  booked: { id: string; organisation: string }[];
  post: UsagePost;
  /** Tells everyone who is due, each once. */
  tell(post?: UsagePost): Promise<void>;
  /** Lets what waits be due. */
  hurry(): Promise<void>;
  /** What was sent, batch by batch. */
  batches(secret: string): string[][];
}

async function withFollowers(work: (world: World) => Promise<void>): Promise<void> {
  await using kit = await startTestBudgets({ id: "b", limitPicoUsd: 1n });
  const pool = openPool({ url: kit.url, applicationName: "webhooks", connectionsMax: 4 });
  await using receiver = await startWebhookReceiver();
  const booked: World["booked"] = [];
  const post = usagePost({
    ...{ pool, ledger: booksOf(booked), master: "master", allowPrivateAddress: true, unixMs: Date.now },
    ...{ onTried: () => {}, failpoint: () => {} },
  });
  try {
    await work({
      ...{ pool, receiver, booked, post },
      webhooks: webhookRows({ pool, master: "master", allowPrivateAddress: true, canFollow: true }),
      async tell(how = post) {
        await Promise.all((await dueFollowers(pool, 10)).map((follower) => tellFollower(how, follower)));
      },
      async hurry() {
        await kit.owner.query("UPDATE budget.webhook_follow SET next_at = now() WHERE next_at IS NOT NULL");
      },
      batches: (secret) =>
        (receiver.verified(secret) as unknown as { id: string }[][]).map((batch) => batch.map(({ id }) => id)),
    });
  } finally {
    await pool.end();
  }
}

const entries = (...ids: string[]) => ids.map((id) => ({ id, organisation: "acme" }));

test("a webhook is told batch after batch, signed, and then of nothing until something more is booked", () =>
  withFollowers(async ({ webhooks, receiver, booked, tell, batches }) => {
    const { webhook, secret } = await webhooks.create(by("acme"), { url: receiver.url, kinds: ["usage"] });
    booked.push(...entries("a", "b", "c"));
    await tell();
    await tell();
    assert.deepEqual(batches(secret), [["a", "b"], ["c"]]);
    assert.match(receiver.told[0]?.headers["content-type"] ?? "", /^application\/cloudevents-batch\+json/);
    booked.push(...entries("d"));
    await tell();
    assert.deepEqual(batches(secret).slice(2), [["d"]]);
    const { usage } = await webhooks.get("acme", webhook.id);
    assert.deepEqual([usage?.deliveredEvents, usage?.tries, usage?.lastAnswer], [4n, 0, "2xx"]);
  }));

test("what is not taken is sent again, the same under the same webhook-id", () =>
  withFollowers(async ({ webhooks, receiver, booked, tell, hurry, batches }) => {
    const failing = await webhooks.create(by("acme"), { url: `${receiver.url}/failing`, kinds: ["usage"] });
    booked.push(...entries("a", "b", "c"));
    receiver.answers.push(500, 503);
    for (let round = 0; round < 3; round += 1) {
      await tell();
      const { usage } = await webhooks.get("acme", failing.webhook.id);
      if (round < 2) assert.equal(usage?.tries, round + 1);
      await tell();
      await hurry();
    }
    assert.deepEqual(batches(failing.secret), [["a", "b"], ["a", "b"], ["a", "b"], ["c"]]);
    const ids = receiver.told.map(({ headers }) => headers["webhook-id"]);
    assert.equal(new Set(ids.slice(0, 3)).size, 1);
    assert.notEqual(ids[3], ids[0]);
  }));

test("one that is gone, or never answers for a day, stops where it is; it is started again from there, or from any time", () =>
  withFollowers(async ({ pool, webhooks, receiver, booked, tell, hurry, batches }) => {
    const { webhook, secret } = await webhooks.create(by("acme"), { url: receiver.url, kinds: ["usage"] });
    booked.push(...entries("a"));
    await tell();
    receiver.answers.push(410);
    booked.push(...entries("b"));
    await tell();
    await hurry();
    await tell();
    assert.deepEqual(batches(secret), [["a"], ["b"]]);
    assert.deepEqual((await webhooks.get("acme", webhook.id)).usage?.nextAtMs, 0);
    await webhooks.replay(by("acme"), webhook.id, undefined);
    await tell();
    assert.deepEqual(batches(secret).slice(2), [["b"]], "behind what it took last");
    await webhooks.replay({ ...by("acme"), reason: "lost" }, webhook.id, 1_000);
    await tell();
    assert.deepEqual(batches(secret).slice(3), [["a", "b"]]);
    await assert.rejects(webhooks.replay(by("other"), webhook.id, 1_000), /no such webhook/);
    const { rows } = await pool.query("SELECT after FROM accounts.audit WHERE kind = 'webhook' AND reason = 'lost'");
    assert.deepEqual(rows, [{ after: { replayedFrom: "1970-01-01T00:00:01.000Z" } }]);
  }));

test("of several processes one tells; who is dead leaves its batch to another, and a replay in between is not lost", () =>
  withFollowers(async ({ pool, webhooks, receiver, booked, post, tell, hurry, batches }) => {
    const { webhook, secret } = await webhooks.create(by("acme"), { url: receiver.url, kinds: ["usage"] });
    booked.push(...entries("a"));
    await Promise.all([tell(), tell(), tell()]);
    assert.deepEqual(batches(secret), [["a"]]);
    booked.push(...entries("b"));
    const dying: UsagePost = { ...post, send: () => Promise.reject(new Error("dead")) };
    await assert.rejects(tell(dying), /dead/);
    await tell();
    assert.equal(receiver.told.length, 1, "it is in the dead one's hand");
    await hurry();
    await tell();
    assert.deepEqual(batches(secret), [["a"], ["b"]]);
    booked.push(...entries("c"));
    const [follower] = await dueFollowers(pool, 1);
    assert.ok(follower);
    const replayed: UsagePost = {
      ...post,
      async send(to, batch) {
        await webhooks.replay(by("acme"), webhook.id, 1_000);
        return post.send(to, batch);
      },
    };
    await tellFollower(replayed, follower);
    await tell();
    assert.deepEqual(batches(secret).slice(3), [["a", "b"], ["c"]], "from the beginning, whatever was in hand");
  }));

test("it hears of its organisation, and its place goes on over what others booked; other kinds hear of no usage", () =>
  withFollowers(async ({ pool, webhooks, receiver, booked, tell, batches }) => {
    const { webhook, secret } = await webhooks.create(by("acme"), { url: receiver.url, kinds: ["usage", "test"] });
    const alerts = await webhooks.create(by("acme"), { url: receiver.url, kinds: [] });
    booked.push(...["x", "y", "z"].map((id) => ({ id, organisation: "other" })), ...entries("a"));
    await tell();
    assert.deepEqual(batches(secret), [["a"]]);
    assert.equal((await webhooks.get("acme", alerts.webhook.id)).usage, undefined);
    await assert.rejects(webhooks.replay(by("acme"), alerts.webhook.id, undefined), /not told of what is booked/);
    const { rows } = await pool.query("SELECT place FROM budget.webhook_follow WHERE webhook_id = $1", [webhook.id]);
    assert.deepEqual(rows, [{ place: "4" }]);
    const without = webhookRows({ pool, master: "master", allowPrivateAddress: true, canFollow: false });
    await assert.rejects(
      without.create(by("acme"), { url: receiver.url, kinds: ["usage"] }),
      /WAYBILL_LEDGER_URLS of the budget service/,
    );
  }));
