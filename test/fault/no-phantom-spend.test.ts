// Requests that are cancelled, time out, fail, fall back, or whose records come twice: what they held comes back, nobody is refused while
// there is money, and a hard budget is used to its end.
import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectBus, type NatsConnection } from "@waybill/bus";
import { eventually, type Script } from "@waybill/testing";
import { ask } from "../stack/ask.ts";
import { assertBooksAgree } from "../stack/books-agree.ts";
import { faultScale, faultSeeds, seededRandom } from "../stack/seeds.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";
import { unbudgetedKey } from "../stack/unbudgeted-key.ts";

/** 5 000 requests in earnest: four fifths on a budget with room for all of them, the rest on one that they use up. */
const REQUESTS = faultScale() === 1 ? 5_000 : 1_000;
const AMPLE = (REQUESTS * 4) / 5;
const TIGHT = REQUESTS / 5;
/** What the tight one affords: room is left by the many that are cancelled or fail. */
const TIGHT_CALLS = BigInt(REQUESTS / 10);
const AT_ONCE = 24;
const MAX_TOKENS = 60;
/** What a provider that hangs has, for a whole answer. */
const TIMEOUTS = {
  WAYBILL_FIRST_TOKEN_TIMEOUT_MS: "800",
  WAYBILL_TOTAL_TIMEOUT_MS: "1500",
  WAYBILL_HOLD_MARGIN_MS: "2000",
};
const SETTLED_LIMIT_MS = 60_000;

let stack: TestStack;
let key: string;
let bus: NatsConnection;
/** Records that were published once more. */
let repeated = 0;

before(async () => {
  stack = await startStack({
    ...{ durable: true, spread: true, replicas: { ingress: 2, router: 2, worker: 2 } },
    env: {
      router: TIMEOUTS,
      budget: { WAYBILL_REAP_INTERVAL_MS: "500" },
    },
  });
  key = await unbudgetedKey(stack);
  bus = await connectBus({
    url: stack.nats.url,
    ...stack.nats.credentials("operator"),
    service: "worker",
    name: "repeat",
  });
  repeatRecords(bus);
});
after(async () => {
  await bus.close();
  await stack[Symbol.asyncDispose]();
});

/** Every third record once more, without the id by which the bus would know it: as after a window of deduplication. */
function repeatRecords(nc: NatsConnection): void {
  const seen = new Set<string>();
  let count = 0;
  nc.subscribe("waybill.usage.>", {
    callback(_, { subject, data }) {
      const text = Buffer.from(data).toString("latin1");
      if (seen.has(text)) return;
      seen.add(text);
      count += 1;
      if (count % 3 !== 0) return;
      repeated += 1;
      nc.publish(subject, data);
    },
  });
}

/** So many whole ones that no circuit opens for those that fail: then nothing would be called any more. */
const KINDS = [
  ...(["whole", "whole", "whole", "whole", "whole", "whole", "whole", "streamed", "streamed", "goes on"] as const),
  ...(["cancelled", "cancelled", "left early", "fails", "hangs", "falls back"] as const),
];
type Kind = (typeof KINDS)[number];
/** Exactly what was held is used, so that only what did not happen makes room. */
const USED: Script = { outputTokens: "max", latencyMs: 5 };
const SCRIPTS: Partial<Record<Kind, Script | readonly Script[]>> = {
  streamed: { ...USED, chunks: 4, gapMs: 5 },
  cancelled: { ...USED, chunks: 20, gapMs: 20 },
  "left early": { ...USED, latencyMs: 300 },
  fails: { fault: { kind: "status", status: 500 } },
  hangs: { fault: { kind: "hang_before_headers" } },
  // Keeps the circuit of the dearer model closed.
  "goes on": USED,
  "falls back": [{ fault: { kind: "status", status: 503 } }, USED],
};

interface Refused {
  leftPicoUsd: bigint;
  message: string;
}

/** One request of that kind; says how it ended, and of a 402 what it says. */
async function request(kind: Kind, user: string, index: number, inputTokens: number): Promise<number | Refused> {
  const script = SCRIPTS[kind] ?? USED;
  const withInput = (one: Script): Script => ({ ...one, inputTokens });
  const leaving = new AbortController();
  if (kind === "left early") setTimeout(() => leaving.abort(), 20 + (index % 5) * 40);
  if (kind === "cancelled") setTimeout(() => leaving.abort(), 60 + (index % 5) * 40);
  try {
    const response = await ask(stack, {
      ...{ key, url: stack.urls[index % stack.urls.length] ?? "", signal: leaving.signal },
      model: kind === "falls back" || kind === "goes on" ? "dynamic/support" : "scripted/scripted-1",
      stream: kind === "streamed" || kind === "cancelled",
      script: Array.isArray(script) ? script.map(withInput) : withInput(script as Script),
      headers: { "x-user-id": user },
      fields: { max_tokens: MAX_TOKENS },
    });
    const text = await response.text();
    return response.status === 402 ? refusalOf(text) : response.status;
  } catch (error) {
    if (leaving.signal.aborted) return 0;
    throw error;
  }
}

function refusalOf(text: string): Refused {
  const { message } = (JSON.parse(text) as { error: { message: string } }).error;
  const left = /: \$([0-9.]+) of \$/.exec(message)?.[1];
  assert.ok(left !== undefined, message);
  return { leftPicoUsd: BigInt(Math.round(Number(left) * 1e12)), message };
}

interface Counters {
  limit: bigint;
  posted: bigint;
  held: bigint;
  granted: bigint;
}

async function countersOf(id: string): Promise<Counters> {
  const [row] = await stack.sql<Record<keyof Counters, string>>(
    `SELECT limit_pico_usd::text AS limit, posted_pico_usd::text AS posted, held_pico_usd::text AS held, granted_pico_usd::text AS granted
     FROM budget.budget_window WHERE budget_id = $1`,
    [id],
  );
  assert.ok(row, `${id} was never used`);
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, BigInt(value)])) as unknown as Counters;
}

async function addBudget(id: string, limitPicoUsd: bigint): Promise<void> {
  await stack.sql(
    `INSERT INTO budget.budget (id, name, organisation_id, end_user_id, limit_pico_usd, window_kind)
     VALUES ($1, $1, 'acme', $1, $2, 'total')`,
    [id, limitPicoUsd.toString()],
  );
  await sleep(2_500);
}

async function ledgerPicoUsd(id: string): Promise<bigint> {
  const [row] = await stack.sql<{ sum: string }>(
    "SELECT coalesce(sum(cost_usd) * 1000000000000, 0)::numeric(38, 0)::text AS sum FROM ledger.attempt WHERE end_user_id = $1",
    [id],
  );
  return BigInt(row?.sum ?? 0);
}

/** Nothing is held any more, and both sets of books have the same. */
async function settled(id: string): Promise<Counters> {
  let seen = "";
  await eventually(
    async () => {
      const { posted, held } = await countersOf(id);
      const ledger = await ledgerPicoUsd(id);
      seen = `posted ${posted}, held ${held}, ledger ${ledger}`;
      return held === 0n && posted === ledger;
    },
    { reason: `nothing is held on ${id} and posted is the ledger's sum`, timeoutMs: SETTLED_LIMIT_MS, intervalMs: 250 },
  ).catch((error: unknown) => {
    throw new Error(seen, { cause: error });
  });
  return countersOf(id);
}

/** What one call of the cheap model holds: its input, as the provider is then told to count it. */
async function measure(): Promise<{ inputTokens: number; callPicoUsd: bigint }> {
  await addBudget("measure", 10n ** 15n);
  assert.equal(await request("whole", "measure", 0, 1), 200);
  const held = async (): Promise<bigint> => {
    const [row] = await stack.sql<{ amount: string }>(
      `SELECT line ->> 'amount' AS amount FROM budget.hold, jsonb_array_elements(lines) AS line WHERE line ->> 'budget' = 'measure'`,
    );
    return BigInt(row?.amount ?? 0);
  };
  await eventually(async () => (await held()) > 0n, { reason: "its hold is journaled", timeoutMs: 10_000 });
  const callPicoUsd = await held();
  return { callPicoUsd, inputTokens: Number(callPicoUsd - BigInt(MAX_TOKENS) * 4_000_000n) / 1_000_000 };
}

/** The last calls of many are those that hang: so many failures in a row that the model's circuit may be open for a while. */
async function circuitClosed(inputTokens: number): Promise<void> {
  await eventually(async () => (await request("whole", "measure", 0, inputTokens)) === 200, {
    ...{ reason: "the model is called again", timeoutMs: 60_000, intervalMs: 200 },
  });
}

/** So many requests, AT_ONCE at a time; `onEnd` says whether to go on. */
async function runMany(count: number, each: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await each(next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
}

for (const seed of faultSeeds()) {
  const random = seededRandom(seed);
  it(`of ${REQUESTS} requests that end in every way none is refused while there is money (seed ${seed})`, async () => {
    const { inputTokens, callPicoUsd } = await measure();
    const callsBefore = stack.provider.log.entries().length;
    const ample = `ample-${seed}`;
    await addBudget(ample, BigInt(AMPLE) * callPicoUsd * 8n);
    const ends = new Map<string, number>();
    await runMany(AMPLE, async (index) => {
      const kind = random.pick(KINDS);
      const end = await request(kind, ample, index, inputTokens);
      assert.ok(typeof end === "number", `${kind} was refused: ${JSON.stringify(end, (_, value) => String(value))}`);
      ends.set(`${kind}: ${end}`, (ends.get(`${kind}: ${end}`) ?? 0) + 1);
    });
    const called = stack.provider.log.entries().length - callsBefore;
    console.log(`seed ${seed}: ${called} calls; ${JSON.stringify(Object.fromEntries([...ends].sort()))}`);
    assert.ok(called >= AMPLE * 0.6, `${called} calls for ${AMPLE} requests prove nothing`);
    assert.ok(repeated >= AMPLE / 8, `${repeated} records came twice`);
    await settled(ample);

    const tight = `tight-${seed}`;
    await addBudget(tight, TIGHT_CALLS * callPicoUsd);
    await circuitClosed(inputTokens);
    let first: { refused: Refused; counters: Counters } | undefined;
    const endsOfTight = new Map<string, number>();
    // More than it affords in any order of kinds: a circuit that opens meanwhile refuses some before they cost anything.
    await runMany(TIGHT * 4, async (index) => {
      if (first) return;
      // Only kinds of one price, so that the books can be counted in calls.
      const kind = random.pick(KINDS.filter((each) => each !== "falls back" && each !== "goes on"));
      const end = await request(kind, tight, index, inputTokens);
      const named = `${kind}: ${typeof end === "number" ? end : 402}`;
      endsOfTight.set(named, (endsOfTight.get(named) ?? 0) + 1);
      if (end === 502 && kind !== "fails") await circuitClosed(inputTokens);
      if (typeof end === "number" || first) return;
      first = { refused: end, counters: await countersOf(tight) };
    });
    assert.ok(first, `it was not used up: ${JSON.stringify(Object.fromEntries([...endsOfTight].sort()))}`);
    const { refused, counters } = first;
    // Running calls settle between the refusal and the look; what they give back was held when it was refused.
    const outOfReach = refused.leftPicoUsd + counters.granted;
    console.log(
      `seed ${seed}: at the first refusal ${outOfReach} of ${counters.limit} pico-USD were neither posted nor held`,
    );
    assert.ok(outOfReach * 200n <= counters.limit, `${refused.message}; granted ${counters.granted}`);

    await settled(tight);
    // What the cancelled ones gave back is served to the last call.
    for (;;) {
      const before = await settled(tight);
      await circuitClosed(inputTokens);
      const end = await request("whole", tight, 0, inputTokens);
      if (end === 200) continue;
      assert.ok(typeof end !== "number", `it was told ${String(end)}`);
      assert.ok(before.limit - before.posted < callPicoUsd, `${before.posted} of ${before.limit}: ${end.message}`);
      break;
    }
    const { posted, limit } = await countersOf(tight);
    assert.ok(posted <= limit);
    await assertBooksAgree(stack, { name: `seed ${seed}` });
  });
}
