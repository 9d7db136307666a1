// A budget service dies where an alert is half told: before and after its publish, and with a webhook's delivery in hand. Bus and webhook
// are told all the same, under one id, and the stream holds it once.
import assert from "node:assert/strict";
import { it } from "node:test";
import { connectBus, sightStream } from "@waybill/bus";
import { eventually, startWebhookReceiver } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

/** Where it dies, one after the other, each with a budget of its own. */
const POINTS = ["alert_before_publish", "alert_after_publish"] as const;

const nameOf = (point: string): string => point.replaceAll("_", "-");

/** While nobody can be asked, it is refused. */
async function spend(stack: TestStack, endUser: string): Promise<void> {
  const answer = await ask(stack, {
    headers: { "x-user-id": endUser },
    fields: { max_tokens: 1_000 },
    script: { inputTokens: 1, outputTokens: 1_000 },
  });
  const text = await answer.text();
  assert.ok([200, 503].includes(answer.status), text);
}

it("a threshold is told once on the stream, and to a webhook under one id, whenever the budget service dies", async () => {
  await using receiver = await startWebhookReceiver();
  const env = { budget: { WAYBILL_ALERT_WEBHOOK_PRIVATE_ADDRESSES: "allowed" } };
  await using stack = await startStack({ replicas: { console: 1 }, env });
  await stack.sql("DELETE FROM budget.budget WHERE origin = 'admin'");
  const admin = adminOf(stack);
  const { secret } = (await admin("POST", "/api/v1/webhooks", { url: receiver.url, kinds: ["threshold"] })).body;
  for (const id of POINTS.map(nameOf)) {
    const scope = { organisationId: "acme", endUserId: id };
    const budget = { id, name: id, scope, limit: "1", window: { kind: "total" }, alertPercents: [1] };
    assert.equal((await admin("POST", "/api/v1/budgets", budget)).status, 201);
  }
  const bus = await connectBus({
    ...{ url: stack.nats.url, ...stack.nats.credentials("operator"), service: "budget", name: "test" },
    ...{ onConnected: () => {}, onProblem: () => {} },
  });
  try {
    for (const [n, point] of POINTS.entries()) {
      const [budgetService] = stack.of("budget");
      assert.ok(budgetService);
      await budgetService.kill9();
      const victim = await stack.start("budget", { inPlaceOf: budgetService, env: { WAYBILL_FAILPOINT: point } });
      // Each call costs 0.4 % of the budget.
      await eventually(async () => spend(stack, nameOf(point)).then(() => !victim.isRunning), {
        ...{ timeoutMs: 20_000, intervalMs: 100, reason: `it dies at ${point}` },
      });
      await stack.start("budget", { inPlaceOf: victim });
      await eventually(async () => (await sightStream(bus, "ALERTS"))?.messages === n + 1, {
        timeoutMs: 10_000,
        reason: `after ${point} the stream has ${n + 1}`,
      });
      await eventually(async () => new Set(receiver.verified(secret).map(({ id }) => id)).size === n + 1, {
        timeoutMs: 45_000,
        reason: "the webhook was told of it, if only when the lease of the dead one was over",
      });
    }
    const rows = await stack.sql("SELECT id FROM budget.alert WHERE kind = 'threshold' ORDER BY raised_at");
    assert.deepEqual(
      [...new Set(receiver.verified(secret).map(({ id }) => id))],
      rows.map(({ id }) => id),
    );
    assert.equal((await sightStream(bus, "ALERTS"))?.messages, POINTS.length);
  } finally {
    await bus.close();
  }
});
