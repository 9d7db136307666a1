// A hard budget that affords a known number of calls exactly, and clients that race for it: each asks until it has an answer or a 402.
import assert from "node:assert/strict";
import { eventually } from "@waybill/testing";
import type { SeededRandom } from "./seeds.ts";
import type { TestStack } from "./start-stack.ts";

/** The scripted model's prices, for one token. */
const INPUT_PICO_USD = 1_000_000n;
const OUTPUT_PICO_USD = 4_000_000n;
const MAX_TOKENS = 10;
/** A client that gets neither by then has found a fault. */
const ASK_LIMIT_MS = 60_000;
/** However long a refusal asks for, a test waits no longer. */
const RETRY_MS_MAX = 500;

const BODY = {
  model: "scripted/scripted-1",
  max_tokens: MAX_TOKENS,
  messages: [{ role: "user", content: "hello" }],
};

export interface RaceBudget {
  /** Its id, and the end user whose requests it matches. */
  id: string;
  /** So many calls. */
  afforded: bigint;
  limitPicoUsd: bigint;
  callPicoUsd: bigint;
}

export interface BudgetCounters {
  posted: bigint;
  held: bigint;
  granted: bigint;
}

export class Race {
  readonly #stack: TestStack;
  readonly #key: string;

  /** `key`: of a team that no other budget covers. */
  constructor(stack: TestStack, key: string) {
    this.#stack = stack;
    this.#key = key;
  }

  /** What one call holds at worst. The provider is made to use exactly that, so that a limit affords a whole number of calls. */
  async measureCall(): Promise<bigint> {
    await this.#insertBudget("measure", 10n ** 15n);
    await eventually(
      async () => (await this.once("measure")).status === 200 && (await this.#heldLines("measure")) > 0n,
      {
        reason: "the measuring budget binds",
        timeoutMs: 15_000,
      },
    );
    const held = await this.#heldLines("measure");
    const input = (held - BigInt(MAX_TOKENS) * OUTPUT_PICO_USD) / INPUT_PICO_USD;
    assert.equal(input * INPUT_PICO_USD + BigInt(MAX_TOKENS) * OUTPUT_PICO_USD, held);
    this.#stack.provider.setForModel("scripted-1", { inputTokens: Number(input), outputTokens: "max", latencyMs: 100 });
    return held;
  }

  /** Budgets for so many calls each, once every router knows them; nobody has asked them for anything yet. */
  async makeBudgets(calls: Readonly<Record<string, bigint>>, callPicoUsd: bigint): Promise<Map<string, RaceBudget>> {
    const budgets = new Map<string, RaceBudget>();
    for (const [id, afforded] of Object.entries(calls)) {
      const limitPicoUsd = afforded * callPicoUsd;
      await this.#insertBudget(id, limitPicoUsd);
      budgets.set(id, { id, afforded, limitPicoUsd, callPicoUsd });
    }
    // Routers are told within a second of the change; a budget without a window was used by nobody.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    return budgets;
  }

  /** So many clients at once, spread over the ingresses. Resolves with the statuses that ended each: 200 or 402. */
  async run(budget: RaceBudget, clients: number, random: SeededRandom): Promise<number[]> {
    const ended = Array.from({ length: clients }, (_, index) => this.untilAnswered(budget.id, index, random));
    return Promise.all(ended);
  }

  /** Asks again after each 503, as a client of its own would. */
  async untilAnswered(user: string, client: number, random: SeededRandom): Promise<number> {
    const endsAtMs = performance.now() + ASK_LIMIT_MS;
    const seen = new Map<string, number>();
    for (let tries = 0; performance.now() < endsAtMs; tries += 1) {
      const { status, code, retryAfterMs } = await this.once(user, client + tries);
      if (status === 200 || status === 402) return status;
      assert.equal(status, 503, `a client was told ${status} ${code}`);
      assert.ok(retryAfterMs > 0, `${code} says when to ask again`);
      seen.set(code, (seen.get(code) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, random.between(50, Math.min(RETRY_MS_MAX, retryAfterMs))));
    }
    assert.fail(`a client got no answer in ${ASK_LIMIT_MS} ms: ${JSON.stringify([...seen])}`);
  }

  async once(user: string, client = 0): Promise<{ status: number; code: string; retryAfterMs: number }> {
    const { urls } = this.#stack;
    const response = await fetch(`${urls[client % urls.length]}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#key}`, "content-type": "application/json", "x-user-id": user },
      body: JSON.stringify(BODY),
    });
    const answer = (await response.json()) as { error?: { code: string } };
    const retryAfterMs = Number(response.headers.get("retry-after") ?? 0) * 1_000;
    return { status: response.status, code: answer.error?.code ?? "", retryAfterMs };
  }

  async counters({ id }: RaceBudget): Promise<BudgetCounters> {
    const [row] = await this.#stack.sql<Record<keyof BudgetCounters, string>>(
      `SELECT coalesce(sum(posted_pico_usd), 0)::text AS posted, coalesce(sum(held_pico_usd), 0)::text AS held,
         coalesce(sum(granted_pico_usd), 0)::text AS granted
       FROM budget.budget_window WHERE budget_id = $1`,
      [id],
    );
    assert.ok(row);
    return { posted: BigInt(row.posted), held: BigInt(row.held), granted: BigInt(row.granted) };
  }

  /** Where its money is, for whoever has to find out why something was refused. */
  async describe(budget: RaceBudget): Promise<string> {
    const holds = await this.#stack.sql(
      `SELECT h.settled_at IS NULL AS is_open, line ->> 'grant' = '' AS is_exact, count(*) AS calls
       FROM budget.hold h, jsonb_array_elements(h.lines) AS line WHERE line ->> 'budget' = $1 GROUP BY 1, 2`,
      [budget.id],
    );
    const grants = await this.#stack.sql(
      `SELECT state, count(*) AS grants, sum(greatest(0, cap_pico_usd - debited_pico_usd))::text AS rest
       FROM budget.credit_grant WHERE budget_id = $1 GROUP BY state`,
      [budget.id],
    );
    const attempts = await this.#stack.sql(
      `SELECT outcome, error_code, count(*) AS attempts, max(duration_ms) AS longest_ms
       FROM ledger.attempt WHERE end_user_id = $1 GROUP BY 1, 2`,
      [budget.id],
    );
    const found = { ...budget, ...(await this.counters(budget)), holds, grants, attempts };
    return JSON.stringify(found, (_, value) => (typeof value === "bigint" ? String(value) : value));
  }

  /** What the ledger has for that budget's requests. */
  async ledgerPicoUsd({ id }: RaceBudget): Promise<bigint> {
    const [row] = await this.#stack.sql<{ sum: string }>(
      "SELECT coalesce(sum(cost_usd) * 1000000000000, 0)::numeric(38, 0)::text AS sum FROM ledger.attempt WHERE end_user_id = $1",
      [id],
    );
    return BigInt(row?.sum ?? 0);
  }

  async #insertBudget(id: string, limitPicoUsd: bigint): Promise<void> {
    await this.#stack.sql(
      `INSERT INTO budget.budget (id, name, organisation_id, end_user_id, limit_pico_usd, window_kind)
       VALUES ($1, $1, 'acme', $1, $2, 'total')`,
      [id, limitPicoUsd.toString()],
    );
  }

  async #heldLines(id: string): Promise<bigint> {
    const [row] = await this.#stack.sql<{ amount: string }>(
      `SELECT line ->> 'amount' AS amount FROM budget.hold, jsonb_array_elements(lines) AS line
       WHERE line ->> 'budget' = $1 ORDER BY placed_at DESC LIMIT 1`,
      [id],
    );
    return BigInt(row?.amount ?? 0);
  }
}
