// What a hard budget allows while Postgres is away: what is in hand, then nothing, or as much as was set aside for that; and all of it
// is on its books when Postgres is back.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { eventually } from "@waybill/testing";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { unbudgetedKey } from "../stack/unbudgeted-key.ts";

/** A cent, for about a dozen calls of the worst case below. */
const ALLOWANCE_PICO_USD = 10_000_000_000n;
/** Of 50 tokens of output at most: the answer has four. */
const FIELDS = { max_tokens: 50 };
const SCRIPT = { inputTokens: 10, outputTokens: 4 };
const COST_PICO_USD = 26_000_000n;

let stack: TestStack;
/** Of a team without budgets of its own, whose credit would be another bound. */
let key: string;

before(async () => {
  stack = await startStack({ durable: true, env: { budget: { WAYBILL_REAP_INTERVAL_MS: "500" } } });
  key = await unbudgetedKey(stack);
  await stack.sql(
    `INSERT INTO budget.budget (id, name, organisation_id, end_user_id, limit_pico_usd, window_kind, when_away, away_allowance)
     VALUES ('denies', 'denies', 'acme', 'denies', 1000000000000, 'total', 'deny', 0),
       ('allows', 'allows', 'acme', 'allows', 1000000000000, 'total', 'allow', $1)`,
    [ALLOWANCE_PICO_USD.toString()],
  );
});
after(() => stack[Symbol.asyncDispose]());

const served: Record<string, number> = {};
async function call(user: string): Promise<{ status: number; code: string | undefined }> {
  const response = await ask(stack, { key, headers: { "x-user-id": user }, fields: FIELDS, script: SCRIPT });
  const body = (await response.json()) as { error?: { code: string } };
  if (response.status === 200) served[user] = (served[user] ?? 0) + 1;
  return { status: response.status, code: body.error?.code };
}

interface Counters {
  limit: bigint;
  posted: bigint;
  held: bigint;
  granted: bigint;
  /** Of what is granted. */
  reserved: bigint;
}

async function countersOf(budget: string): Promise<Counters | undefined> {
  const [row] = await stack.sql<Record<keyof Counters, string>>(
    `SELECT limit_pico_usd::text AS limit, posted_pico_usd::text AS posted, held_pico_usd::text AS held, granted_pico_usd::text AS granted,
       (SELECT coalesce(sum(cap_pico_usd - debited_pico_usd), 0)::text FROM budget.credit_grant g
        WHERE g.window_id = w.id AND is_reserve) AS reserved
     FROM budget.budget_window w WHERE budget_id = $1`,
    [budget],
  );
  if (!row) return undefined;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, BigInt(value)])) as unknown as Counters;
}

/** Calls until one is refused; how many passed. */
async function passedUntilRefused(user: string): Promise<number> {
  for (let passed = 0; passed < 200; passed += 1) {
    const { status, code } = await call(user);
    if (status === 200) continue;
    assert.deepEqual({ status, code }, { status: 503, code: "budget_unavailable" });
    return passed;
  }
  assert.fail(`${user} is never refused`);
}

it("a budget that allows something while nobody can be asked lets that pass and no more; one that denies nothing", async () => {
  // At its first request a reserve is asked for.
  for (const user of ["denies", "allows"]) {
    await eventually(async () => (await call(user)).status === 200 && (await countersOf(user)) !== undefined, {
      reason: `${user} binds`,
      timeoutMs: 10_000,
    });
  }
  await eventually(
    async () => {
      const now = await countersOf("allows");
      return now?.reserved === ALLOWANCE_PICO_USD && now.held === 0n;
    },
    { reason: "the reserve is set aside, and all calls are settled", timeoutMs: 10_000 },
  );
  const calledBefore = stack.provider.log.entries().length;
  await stack.stopPostgres();
  const denied = await passedUntilRefused("denies");
  const allowed = await passedUntilRefused("allows");
  assert.ok(allowed >= 8, `${allowed} passed`);
  assert.ok(allowed > denied + 5, `${allowed} passed where a cent is allowed, ${denied} where nothing is`);
  assert.equal((await call("allows")).status, 503, "what was set aside is used up");
  assert.equal(stack.provider.log.entries().length, calledBefore + denied + allowed);
  await stack.startPostgresAgain();

  await eventually(async () => (await call("denies")).status === 200, { reason: "it passes again", timeoutMs: 20_000 });
  await eventually(
    async () => {
      const now = await countersOf("allows");
      return now?.held === 0n && now.posted === BigInt(served.allows ?? 0) * COST_PICO_USD;
    },
    { reason: "all that was allowed is posted, and nothing is held any more", timeoutMs: 30_000 },
  );
  // What the calls did not use comes back, and a reserve is set aside anew.
  await eventually(
    async () => (await call("allows")).status === 200 && (await countersOf("allows"))?.reserved === ALLOWANCE_PICO_USD,
    { reason: "a reserve is there again", timeoutMs: 30_000, intervalMs: 500 },
  );
  const { limit, posted, held, granted } = (await countersOf("allows")) ?? assert.fail();
  assert.ok(posted + held + granted <= limit);
});
