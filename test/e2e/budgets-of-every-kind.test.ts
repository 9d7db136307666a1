// Budgets of tokens and requests, templates, and soft and observing ones, from the client's call to the counter that it moves.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually } from "@waybill/testing";
import { ask } from "../stack/ask.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

let stack: TestStack;

/** Each is for one end user, so that they do not meet; the template is for one model. */
const BUDGETS = [
  { id: "probe", end_user_id: "probe", limit_pico_usd: 1, enforcement: "observe" },
  // A call of at most 100 output tokens holds its input at worst and, clamped, at least 16 tokens of output: 467.
  { id: "tokens", end_user_id: "tess", limit_pico_usd: 490, unit: "tokens" },
  { id: "soft", end_user_id: "sven", limit_pico_usd: 26_000_001, enforcement: "soft" },
  { id: "watch", end_user_id: "olga", limit_pico_usd: 1, enforcement: "observe" },
  { id: "each", provider: "scripted", model: "scripted-2", limit_pico_usd: 2, unit: "requests", per: "end_user_id" },
] as const;

before(async () => {
  stack = await startStack();
  await stack.sql(
    `INSERT INTO budget.budget (id, name, organisation_id, end_user_id, provider, model, limit_pico_usd, unit, enforcement, per,
       window_kind)
     SELECT id, id, 'acme', coalesce(end_user_id, ''), coalesce(provider, ''), coalesce(model, ''), limit_pico_usd,
       coalesce(unit, 'usd'), coalesce(enforcement, 'hard'), coalesce(per, ''), 'day'
     FROM jsonb_to_recordset($1) AS b (id text, end_user_id text, provider text, model text, limit_pico_usd numeric, unit text,
       enforcement text, per text)`,
    [JSON.stringify(BUDGETS)],
  );
  await eventually(async () => (await call("probe")) === 200 && (await countersOf("probe")).length === 1, {
    reason: "the router knows the budgets",
    timeoutMs: 10_000,
  });
});
after(() => stack[Symbol.asyncDispose]());

let lastAnswer = "";
/** Ten tokens in, four out: $0.000026 on scripted-1. */
async function call(user: string, model = "scripted/scripted-1"): Promise<number> {
  const script = { inputTokens: 10, outputTokens: 4 };
  const response = await ask(stack, { model, script, headers: { "x-user-id": user }, fields: { max_tokens: 100 } });
  lastAnswer = await response.text();
  return response.status;
}

/** posted, and what is held or granted, of the counters of a budget or template. */
async function countersOf(id: string): Promise<{ value: string; posted: string; out: string }[]> {
  return stack.sql(
    `SELECT template_value AS value, posted_pico_usd::text AS posted, (held_pico_usd + granted_pico_usd)::text AS out
     FROM budget.budget_window JOIN budget.budget b ON b.id = budget_id
     WHERE b.id = $1 OR b.template_id = $1 ORDER BY template_value`,
    [id],
  );
}

const settled = (id: string, posted: string) =>
  eventually(async () => (await countersOf(id)).some((row) => row.posted === posted && row.out === "0"), {
    reason: `${id} has ${posted} posted and nothing out`,
    timeoutMs: 10_000,
  });

test("a budget of tokens holds the worst case in tokens, settles what was used, and refuses in tokens", async () => {
  assert.equal(await call("tess"), 200, lastAnswer);
  await settled("tokens", "14");
  assert.equal(await call("tess"), 200, lastAnswer);
  await settled("tokens", "28");
  assert.equal(await call("tess"), 402, lastAnswer);
  assert.match(
    lastAnswer,
    /The budget \\"tokens\\" is used up: 462 tokens of 490 tokens is left and this request needs at least 467 tokens/,
  );
  assert.doesNotMatch(lastAnswer, /\$/);
});

test("a template counts each end user for themselves, and the refusal says whose counter it is", async () => {
  for (const user of ["ann", "ann", "bob"]) assert.equal(await call(user, "scripted/scripted-2"), 200, lastAnswer);
  assert.equal(await call("ann", "scripted/scripted-2"), 402, lastAnswer);
  assert.match(lastAnswer, /The budget \\"each\\" \(ann\) is used up: 0 requests of 2 requests is left/);
  assert.equal(await call("bob", "scripted/scripted-2"), 200, lastAnswer);
  await eventually(
    async () => {
      const counters = await countersOf("each");
      return JSON.stringify(counters.map(({ value, posted }) => [value, posted])) === '[["ann","2"],["bob","2"]]';
    },
    { reason: "each has posted two requests", timeoutMs: 10_000 },
  );
});

test("a soft budget lets pass what is more than its rest once, then refuses", async () => {
  // Its worst case is far above the whole limit: a hard budget would have refused it.
  assert.equal(await call("sven"), 200, lastAnswer);
  await settled("soft", "26000000");
  assert.equal(await call("sven"), 200, lastAnswer);
  await settled("soft", "52000000");
  assert.equal(await call("sven"), 402, lastAnswer);
});

test("an observing budget refuses nothing and counts all", async () => {
  for (let calls = 0; calls < 4; calls += 1) assert.equal(await call("olga"), 200, lastAnswer);
  await eventually(async () => (await countersOf("watch"))[0]?.posted === "104000000", {
    reason: "four calls are posted",
    timeoutMs: 10_000,
  });
});
