// Alerts on a whole stack of two budget processes: a client spends, and bus, webhook, command and API tell of it, once.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectBus, type NatsConnection, sightStream } from "@waybill/bus";
import {
  eventually,
  makeTestFolder,
  startWebhookReceiver,
  type TestFolder,
  type WebhookReceiver,
} from "@waybill/testing";
import { Alert } from "@waybill/wire";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { type Ran, waybillOf } from "../stack/run-cli.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;
let folder: TestFolder;
let receiver: WebhookReceiver;
let bus: NatsConnection;
let secret: string;
const onBus: Alert[] = [];

before(async () => {
  const env = { budget: { WAYBILL_ALERT_WEBHOOK_PRIVATE_ADDRESSES: "allowed" } };
  [stack, folder, receiver] = await Promise.all([
    startStack({ replicas: { console: 1, budget: 2 }, env }),
    makeTestFolder("alerts"),
    startWebhookReceiver(),
  ]);
  // Only the budgets of this test are to be told of.
  await stack.sql("DELETE FROM budget.budget WHERE origin = 'admin'");
  bus = await connectBus({
    ...{ url: stack.nats.url, ...stack.nats.credentials("operator"), service: "budget", name: "test" },
    ...{ onConnected: () => {}, onProblem: () => {} },
  });
  bus.subscribe("waybill.alert.*", {
    callback(_, message) {
      const alert = Alert.decode(message.data);
      // Both processes may publish one under its id, at least once; the stream holds it once, and that is asked of it below.
      if (onBus.every(({ id }) => id !== alert.id)) onBus.push(alert);
    },
  });
});
after(async () => {
  await bus.close();
  await stack[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
  await folder.remove();
});

const waybill = (code: number, ...args: string[]): Promise<Ran> => waybillOf(stack, folder.path)(code, ...args);

/** 1,000 tokens in and 1,000 out: 0.005 USD. */
async function spend(endUser: string, headers: Record<string, string> = {}, inputTokens = 1_000): Promise<void> {
  const answer = await ask(stack, {
    headers: { "x-user-id": endUser, ...headers },
    // As long as its tokens at least, so that no call costs more than its hold.
    fields: { max_tokens: 1_000, messages: [{ role: "user", content: "a".repeat(inputTokens) }] },
    script: { inputTokens, outputTokens: 1_000 },
  });
  assert.equal(answer.status, 200, await answer.text());
  await answer.text().catch(() => {});
}

async function makeBudget(id: string, limit: string, alertPercents: number[]): Promise<void> {
  const scope = { organisationId: "acme", endUserId: id };
  const body = { id, name: id, scope, limit, window: { kind: "total" }, alertPercents };
  assert.equal((await adminOf(stack)("POST", "/api/v1/budgets", body)).status, 201);
  await eventually(
    async () => {
      const answer = await ask(stack, { headers: { "x-user-id": id }, fields: { max_tokens: 1 } });
      await answer.text();
      return answer.headers.has("x-waybill-budget-remaining-usd");
    },
    { timeoutMs: 2_000, reason: `${id} binds` },
  );
}

const alertsOf = (id: string, kind: string): Alert[] =>
  onBus.filter(({ budgetId, kind: of }) => budgetId === id && of === kind);

describe("a webhook", () => {
  it("is made by the command, which shows its secret once, and is told of a test", async () => {
    const made = await waybill(0, "webhooks", "create", receiver.url, "--reason", "pager");
    secret = /^whsec_\S+$/m.exec(made.stdout)?.[0] ?? "";
    const [, id = ""] = /webhook ([0-9a-f]{16}) is made/.exec(made.stdout) ?? [];
    assert.doesNotMatch((await waybill(0, "webhooks", "show", id)).stdout, /whsec_/);
    await waybill(0, "webhooks", "test", id);
    await eventually(async () => receiver.told.length === 1, { timeoutMs: 5_000, reason: "it is told" });
    assert.equal(receiver.verified(secret)[0]?.type, "alert.test");
    assert.match((await waybill(0, "webhooks", "show", id)).stdout, /test +delivered +1 +204/);
    assert.match((await waybill(0, "webhooks", "list")).stdout, new RegExp(receiver.url));
  });

  it("that is no address, or inside the house where that is refused, is not made", async () => {
    const refused = await adminOf(stack)("POST", "/api/v1/webhooks", { url: "ftp://x", kinds: ["other"] });
    assert.deepEqual([refused.status, refused.body.error.code], [400, "invalid_value"]);
    const field = await waybill(1, "webhooks", "create", "ftp://x");
    assert.match(field.stderr, /url must be an address/);
  });
});

describe("a threshold", () => {
  it("is told once: on the bus, to a webhook that fails twice, by the command", async () => {
    await makeBudget("ivy", "0.03", [50, 100]);
    // Budgets that are spent so fast have other alerts, too.
    receiver.answersTo = "alert.threshold";
    receiver.answers.push(500, 503);
    for (let n = 0; n < 3; n += 1) await spend("ivy");
    await eventually(async () => alertsOf("ivy", "threshold").length >= 1, {
      timeoutMs: 5_000,
      reason: "the bus knows",
    });
    const [alert] = alertsOf("ivy", "threshold");
    assert.match(alert?.summary ?? "", /^ivy has spent 0\.01\d* USD of 0\.03 USD, which is 50 % or more/);
    assert.deepEqual([alert?.organisationId, JSON.parse(alert?.dataJson ?? "{}").percent], ["acme", 50]);
    const told = () => receiver.verified(secret).filter(({ id }) => id === alert?.id);
    await eventually(async () => told().length === 3, { timeoutMs: 15_000, reason: "the third time it answers" });
    assert.equal(told()[0]?.data.budgetId, "ivy");
    // Nothing more comes of what is spent below the next threshold.
    await spend("ivy");
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(alertsOf("ivy", "threshold").length, 1);
    assert.equal(told().length, 3);
    assert.match((await waybill(0, "alerts", "--budget", "ivy")).stdout, /threshold +ivy +ivy has spent/);
    await eventually(async () => (await sightStream(bus, "ALERTS"))?.messages === onBus.length, {
      timeoutMs: 2_000,
      reason: "the stream has what was told, no more and no less",
    });
  });

  it("leaves its budget's burn in the standing, as what was spent says it", async () => {
    const shown = async () => (await adminOf(stack)("GET", "/api/v1/budgets/ivy")).body.standing;
    const { spent, burn, remaining } = await eventually(
      async () => {
        const standing = await shown();
        return Number(standing.spent) >= 0.02 ? standing : undefined;
      },
      { timeoutMs: 5_000, reason: "all is settled" },
    );
    assert.equal(burn.by1Hour, spent);
    assert.equal(Math.round(Number(burn.by5Min) / Number(spent)), 12);
    const lastsMs = (3_600_000 * Number(remaining)) / Number(spent);
    const saidMs = Date.parse(burn.exhaustedAt) - Date.now();
    assert.ok(Math.abs(saidMs - lastsMs) < 60_000, `${burn.exhaustedAt} is not in ${lastsMs} ms`);
    assert.match((await waybill(0, "budgets", "show", "ivy")).stdout, /an hour's burn +0\.\d+ by the last 5 min/);
  });
});

describe("a session that runs away", () => {
  it("is told of with its calls and its growth", async () => {
    await makeBudget("max", "1", []);
    const calls = 24;
    for (let n = 0; n < calls; n += 1) {
      await spend("max", { "x-waybill-session-id": "agent-7" }, 1_000 + n * 300);
      await spend("max", { "x-waybill-session-id": `calm-${n}` });
    }
    await eventually(async () => alertsOf("max", "runaway").length > 0, { timeoutMs: 15_000, reason: "it is told" });
    const data = JSON.parse(alertsOf("max", "runaway")[0]?.dataJson ?? "{}");
    assert.deepEqual([data.session, data.calls, data.inputTokensFirst], ["acme/agent-7", calls, 1_000]);
    assert.equal(alertsOf("max", "runaway").length, 1);
    const { alerts } = (await adminOf(stack)("GET", "/api/v1/alerts?kind=runaway")).body;
    assert.deepEqual([alerts.length, alerts[0].data.calls], [1, calls]);
  });
});
