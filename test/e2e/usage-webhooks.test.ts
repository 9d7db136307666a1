// What is booked, told to a webhook on a whole stack of two budget processes: every entry, also when the one that tells is killed with a
// batch in hand, and again from any time on.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import {
  eventually,
  makeTestFolder,
  startWebhookReceiver,
  type TestFolder,
  type WebhookReceiver,
} from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

interface Event {
  id: string;
  data: { sign: number; cost_usd: string | null };
}

let stack: TestStack;
let folder: TestFolder;
let receiver: WebhookReceiver;
let id: string;
let secret: string;

before(async () => {
  const env = { budget: { WAYBILL_ALERT_WEBHOOK_PRIVATE_ADDRESSES: "allowed" } };
  [stack, folder, receiver] = await Promise.all([
    startStack({ replicas: { console: 1 }, env }),
    makeTestFolder("usage-webhooks"),
    startWebhookReceiver(),
  ]);
});
after(async () => {
  await stack[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);
const told = (): Event[] => (receiver.verified(secret) as unknown as Event[][]).flat();
const idsTold = (): Set<string> => new Set(told().map((event) => event.id));

async function call(): Promise<void> {
  const answer = await ask(stack, { fields: { max_tokens: 100 }, script: { inputTokens: 100, outputTokens: 20 } });
  assert.ok([200, 503].includes(answer.status), await answer.text());
}

async function booked(): Promise<Set<string>> {
  const rows = await stack.sql("SELECT request_id || '.' || attempt || '.' || sequence AS id FROM ledger.entry");
  return new Set(rows.map((row) => row.id));
}

const allIsTold = (reason: string): Promise<unknown> =>
  eventually(async () => (await booked()).size > 0 && idsTold().size === (await booked()).size, {
    ...{ timeoutMs: 60_000, reason },
  });

/** So many are booked, all of them were taken, and nothing is in hand. */
const isBehind = (count: number, reason: string): Promise<unknown> =>
  eventually(
    async () =>
      (await booked()).size === count &&
      new RegExp(`following +${count} `).test((await waybill(0, "webhooks", "show", id)).stdout),
    { timeoutMs: 60_000, reason },
  );

it("a webhook of the kind usage is told of each entry, in batches that are signed", async () => {
  const made = await waybill(0, "webhooks", "create", receiver.url, "--kind", "usage", "--reason", "billing");
  secret = /^whsec_\S+$/m.exec(made.stdout)?.[0] ?? "";
  id = /webhook ([0-9a-f]{16}) is made/.exec(made.stdout)?.[1] ?? "";
  for (let n = 0; n < 4; n += 1) await call();
  await isBehind(4, "each is told");
  assert.deepEqual(idsTold(), await booked());
});

it("a receiver that is down holds up neither requests nor booking, and hears of all of it when it is back", async () => {
  receiver.answers.push(500, 500);
  for (let n = 0; n < 3; n += 1) await call();
  await isBehind(7, "it is told the third time");
});

it("who is killed with a batch in hand leaves it to the next: each is told, and at most that batch twice", async () => {
  const [budget] = stack.of("budget");
  assert.ok(budget);
  // Nothing is in hand, so the victim dies of what is booked next, and not while it starts.
  await budget.kill9();
  const victim = await stack.start("budget", { inPlaceOf: budget, env: { WAYBILL_FAILPOINT: "usage_webhook_sent" } });
  const [before, entriesBefore] = [told().length, idsTold().size];
  await eventually(async () => call().then(() => !victim.isRunning), {
    ...{ timeoutMs: 20_000, intervalMs: 200, reason: "it dies after it has sent a batch" },
  });
  const inHand = told().length - before;
  assert.ok(inHand > 0);
  await stack.start("budget", { inPlaceOf: victim });
  await call();
  await allIsTold("the batch comes again when the lease of the dead one is over");
  assert.deepEqual(idsTold(), await booked());
  assert.equal(told().length - before, (await booked()).size - entriesBefore + inHand);
});

it("the command has it told again from any time on, and one that is gone stops and says how it goes on", async () => {
  const before = told().length;
  await waybill(0, "events", "replay", "--webhook", id, "--from", "2026-01-01");
  const entries = (await booked()).size;
  await eventually(() => told().length === before + entries, { timeoutMs: 20_000, reason: "all of it comes again" });
  receiver.answers.push(410);
  await call();
  const stopped = await eventually(
    async () => {
      const { stdout } = await waybill(0, "webhooks", "show", id);
      return stdout.includes("stopped") ? stdout : undefined;
    },
    { timeoutMs: 20_000, reason: "it stops" },
  );
  assert.match(stopped, /nothing is lost: `waybill events replay --webhook/);
  await waybill(0, "events", "replay", "--webhook", id);
  await eventually(() => told().length === before + entries + 2, {
    timeoutMs: 20_000,
    reason: "it goes on where it did",
  });
  const refused = await adminOf(stack)("POST", `/api/v1/webhooks/${id}/replay`, { from: "yesterday" });
  assert.deepEqual([refused.status, refused.body.error.param], [400, "from"]);
});
