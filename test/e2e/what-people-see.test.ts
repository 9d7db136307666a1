// What people see of a request while it runs and afterwards: the gauges and counters of five services, and the headers of its
// answer.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connectBus, type NatsConnection } from "@waybill/bus";
import { formatUsd, parseUsd } from "@waybill/domain";
import { connectOnce } from "@waybill/store";
import { eventually, type Fault } from "@waybill/testing";
import { type ServiceName, STREAMS } from "@waybill/wire";
import { type AskOptions, ask, readStream } from "../stack/ask.ts";
import { booksAreRight, budgetBalance } from "../stack/books.ts";
import { ROOT } from "../stack/launcher.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const SERVICES: readonly ServiceName[] = ["ingress", "router", "budget", "worker", "ledger"];
const BUDGET = 'budget="acme-support-month"';
const LANE = 'provider="scripted",model="scripted-1"';
/** Exactly ten tokens in, four out: $0.000026 on scripted-1, $0.000052 on scripted-2. */
const TEN_IN_FOUR_OUT = { inputTokens: 10, outputTokens: 4 };
/** Gauges that cost a look elsewhere are looked at every five seconds. */
const GAUGE = { timeoutMs: 12_000, intervalMs: 100 };

let stack: TestStack;
let operator: NatsConnection;
let attempts = 0;
/** Of every answer so far. */
const requestIds: string[] = [];
before(async () => {
  // One place, so that a second request has to wait.
  stack = await startStack({ env: { worker: { WAYBILL_WORKER_CAPACITY: "1" } } });
  const credentials = stack.nats.credentials("operator");
  operator = await connectBus({ url: stack.nats.url, ...credentials, service: "worker", name: "test" });
});
after(async () => {
  await operator.close();
  await stack[Symbol.asyncDispose]();
});

/** The samples of a service by `name{labels}`, as Prometheus would read them. */
async function scrape(service: ServiceName): Promise<Map<string, number>> {
  const [process] = stack.of(service);
  assert.ok(process, `${service} runs`);
  const lines = (await process.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

/** One value: of a metric with these labels (as they stand on the page); 0 while nobody has counted yet. */
async function read(metric: string, labels = "", service = serviceOf(metric)): Promise<number> {
  for (const [sample, value] of await scrape(service)) {
    const [name, inner = ""] = sample.replace("}", "").split("{");
    if (name === metric && labels.split(",").every((label) => inner.includes(label))) return value;
  }
  return 0;
}

function serviceOf(metric: string): ServiceName {
  const service = SERVICES.find((name) => metric.startsWith(`waybill_${name}_`));
  assert.ok(service, metric);
  return service;
}

function becomes(metric: string, labels: string, is: (value: number) => boolean, why: string): Promise<unknown> {
  let seen = Number.NaN;
  const look = async () => {
    seen = await read(metric, labels);
    return is(seen);
  };
  const waited = eventually(look, { ...GAUGE, reason: `${metric}{${labels}} ${why}` });
  return waited.catch((error: Error) => assert.fail(`${error.message}; it was ${seen} at last`));
}

const isZero = (value: number): boolean => value === 0;

function note(response: Response): Response {
  attempts += 1;
  requestIds.push(response.headers.get("x-request-id") ?? "");
  return response;
}

const askPlain = async (options: AskOptions = {}): Promise<Response> =>
  note(await ask(stack, { script: TEN_IN_FOUR_OUT, ...options }));

/** Faults are the provider's own and not the request's: a script in the request would go before them. */
async function askFaulty(fault: Fault, options: AskOptions): Promise<Response> {
  stack.provider.setForModel("scripted-1", { fault });
  try {
    return note(await ask(stack, options));
  } finally {
    stack.provider.reset();
  }
}

describe("metrics", () => {
  it("a plain answer is counted by its code, with what the gateway added and when its first token left", async () => {
    const counted = async () => ({
      ok: await read("waybill_ingress_requests_total", 'code="ok",route=""'),
      refused: await read("waybill_ingress_requests_total", 'code="invalid_api_key"'),
      added: await read("waybill_ingress_added_latency_ms_count"),
      addedMs: await read("waybill_ingress_added_latency_ms_sum"),
      first: await read("waybill_ingress_time_to_first_token_ms_count"),
      firstMs: await read("waybill_ingress_time_to_first_token_ms_sum"),
    });
    const before = await counted();
    assert.equal(await read("waybill_budget_granted_usd", BUDGET), 0, "nobody has asked for credit yet");
    const script = { ...TEN_IN_FOUR_OUT, latencyMs: 300 };
    assert.equal((await askPlain({ script, headers: { "x-user-id": "end-user-7" } })).status, 200);
    assert.equal((await ask(stack, { key: "wb_nobody_nothing" })).status, 401);
    await eventually(async () => (await counted()).refused > before.refused, { reason: "both are counted" });
    const after = await counted();
    const moved = (name: keyof typeof before) => after[name] - before[name];
    assert.deepEqual([moved("ok"), moved("refused"), moved("added"), moved("first")], [1, 1, 1, 1]);
    assert.ok(moved("firstMs") >= 300, "the first token waits for the provider");
    assert.ok(moved("addedMs") > 0 && moved("addedMs") <= moved("firstMs") - 290, "what is added does not");
  });

  it("while a stream runs it is open, its worst case is held from granted credit, and what has no place waits", async () => {
    await Promise.all([
      becomes("waybill_budget_held_usd", BUDGET, isZero, "is zero before"),
      becomes("waybill_worker_waiting_waybills", LANE, isZero, "is zero before"),
    ]);
    assert.equal(await read("waybill_ingress_streams_open"), 0);
    const firstTokens = await read("waybill_ingress_time_to_first_token_ms_count");

    // It never ends by itself within the test: it is left when everything was seen.
    const leave = new AbortController();
    const script = { chunks: 600, gapMs: 100, outputTokens: 600 };
    const fields = { max_tokens: 1_000 };
    const running = note(await ask(stack, { stream: true, script, fields, signal: leave.signal }));
    const reading = readStream(running);
    const waiting = askPlain();
    await becomes("waybill_ingress_streams_open", "", (open) => open === 1, "is 1 during the stream");
    await becomes("waybill_ingress_requests_open", "", (open) => open === 2, "is the stream and who waits");
    assert.equal(await read("waybill_ingress_time_to_first_token_ms_count"), firstTokens + 1);
    assert.equal(await read("waybill_worker_in_flight_calls"), 1);
    await Promise.all([
      becomes("waybill_worker_waiting_waybills", LANE, (waybills) => waybills === 1, "is 1 behind the stream"),
      becomes("waybill_budget_granted_usd", BUDGET, (usd) => usd > 0, "is out with the router"),
      // A thousand tokens of output at $4 a million, at the least, and no more than the credit it was cut from.
      becomes("waybill_budget_held_usd", BUDGET, (usd) => usd >= 0.004 && usd < 0.1, "is the worst case"),
    ]);
    leave.abort();
    await reading;
    assert.equal((await waiting).status, 200);

    await becomes("waybill_ingress_streams_open", "", isZero, "is 0 after the stream");
    await booksAreRight(stack, { attempts });
    const posted = Number(formatUsd((await budgetBalance(stack)).posted));
    await Promise.all([
      becomes("waybill_worker_waiting_waybills", LANE, isZero, "is 0 after the stream"),
      becomes("waybill_budget_held_usd", BUDGET, isZero, "is 0 after the stream"),
      becomes("waybill_budget_posted_usd", BUDGET, (usd) => usd === posted, "is what was spent"),
    ]);
  });

  it("the lag of USAGE grows while the books are locked, for ledger and budget, and is gone when they are not", async () => {
    await becomes("waybill_ledger_usage_lag_records", "", isZero, "is zero before");
    await becomes("waybill_budget_usage_lag_messages", "", isZero, "is zero before");
    const locker = await connectOnce(stack.ownerUrl, "waybill-test-lock");
    try {
      await locker.query("BEGIN");
      await locker.query("LOCK TABLE ledger.usage_record, budget.settled_record IN ACCESS EXCLUSIVE MODE");
      assert.equal((await askPlain()).status, 200, "an answer does not wait for its books");
      await Promise.all([
        becomes("waybill_ledger_usage_lag_records", "", (lag) => lag === 1, "is the one record"),
        becomes("waybill_budget_usage_lag_messages", "", (lag) => lag === 1, "is the one record"),
      ]);
    } finally {
      await locker.end();
    }
    await becomes("waybill_ledger_usage_lag_records", "", isZero, "is zero after");
    await becomes("waybill_budget_usage_lag_messages", "", isZero, "is zero after");
    await booksAreRight(stack, { attempts });
  });

  it("the spool grows while USAGE takes nothing, and is empty when it does again", async () => {
    const api = async (verb: string, payload = "") => {
      const answer = await operator.request(`$JS.API.STREAM.${verb}.${STREAMS.usage.name}`, payload);
      return answer.json<{ error?: unknown; config: Record<string, unknown>; state: { bytes: number } }>();
    };
    const { config, state } = await api("INFO");
    const take = async (maxBytes: unknown) => {
      assert.equal((await api("UPDATE", JSON.stringify({ ...config, max_bytes: maxBytes }))).error, undefined);
    };
    assert.equal(await read("waybill_worker_spool_bytes"), 0);
    await take(state.bytes);
    try {
      assert.equal((await askPlain()).status, 200, "an answer does not wait for its record");
      await becomes("waybill_worker_spool_bytes", "", (bytes) => bytes > 100, "grows");
      assert.equal(await read("waybill_worker_spool_records"), 1);
    } finally {
      await take(config.max_bytes);
    }
    await becomes("waybill_worker_spool_bytes", "", isZero, "is sent");
    await booksAreRight(stack, { attempts });
    // An ingress that has looked meanwhile lets nobody in until it looks again.
    const headers = { authorization: `Bearer ${stack.keys.support_1}` };
    const isOpen = async () => (await fetch(`${stack.url}/v1/models`, { headers })).status === 200;
    await eventually(isOpen, { reason: "the ingress has seen that there is room" });
  });

  it("every service tells how late its event loop is: one that stood still says for how long", async () => {
    const STOOD_STILL_MS = 300;
    // Enough for a few measurements, of which the first after a look only begins.
    const A_WHILE_MS = 60;
    const passes = (ms: number) => {
      const endsAtMs = performance.now() + ms;
      return eventually(() => performance.now() >= endsAtMs, { reason: `${ms} ms pass` });
    };
    const delay = (service: ServiceName) => read("waybill_event_loop_delay_p99_ms", "", service);
    for (const service of SERVICES) {
      const [process] = stack.of(service);
      assert.ok(process);
      await delay(service);
      await passes(A_WHILE_MS);
      const calmMs = await delay(service);
      await passes(A_WHILE_MS);
      process.pause();
      await passes(STOOD_STILL_MS);
      process.resume();
      await passes(A_WHILE_MS);
      const stillMs = await delay(service);
      assert.ok(calmMs > 0 && calmMs < stillMs, `${service}: ${calmMs} ms before, ${stillMs} ms after`);
      assert.ok(stillMs >= STOOD_STILL_MS * 0.9, `${service} stood still for ${STOOD_STILL_MS} ms and says ${stillMs}`);
    }
  });

  it("no label holds a key, a user or a request, and only words of ours are labels", async () => {
    const users = await stack.sql<{ id: string }>("SELECT id FROM accounts.app_user");
    const keyParts = Object.values(stack.keys).map((key) => /^wba?_([0-9a-f]+)_(.+)$/.exec(key)?.slice(1) ?? []);
    const forbidden = new Set([...keyParts.flat(), ...users.map(({ id }) => id), ...requestIds, "end-user-7"]);
    assert.equal(forbidden.size, 2 * keyParts.length + users.length + requestIds.length + 1);
    assert.ok(requestIds.length >= 4 && users.length >= 3);
    const ours = ["account", "budget", "code", "how", "model", "outcome", "provider", "reason", "route", "source"];
    const known = new Set([...ours, "verdict", "what", "le", "otel_scope_name"]);
    const seen = new Set<string>();
    for (const service of SERVICES) {
      const samples = await scrape(service);
      assert.ok(samples.size > 10, `${service} tells something`);
      for (const sample of samples.keys()) {
        for (const [, label = "", value = ""] of sample.matchAll(/(\w+)="([^"]*)"/g)) {
          seen.add(label);
          const isKnown = known.has(label) || sample.startsWith("target_info{");
          assert.ok(isKnown, `${sample}: nobody knows the label ${label}`);
          assert.ok(!forbidden.has(value), `${sample}: ${label} must not be told`);
          assert.doesNotMatch(value, /[0-9a-f]{8}-[0-9a-f]{4}-/, `${sample}: ${label} looks like an id`);
        }
      }
    }
    for (const label of ["budget", "code", "model", "provider", "route"]) assert.ok(seen.has(label), label);
  });
});

/** All of ours, without the prefix, but for what differs from answer to answer. */
function waybillHeaders(response: Response): Record<string, string> {
  assert.match(response.headers.get("x-request-id") ?? "", /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.equal(response.headers.get("request-id"), response.headers.get("x-request-id"));
  assert.match(response.headers.get("x-waybill-budget-remaining-usd") ?? "", /^49\.\d+$/);
  const ours = [...response.headers].filter(([name]) => name.startsWith("x-waybill-"));
  const { "budget-remaining-usd": _, ...rest } = Object.fromEntries(
    ours.map(([name, value]) => [name.slice("x-waybill-".length), value]),
  );
  return rest;
}

/** What was held for an attempt; 0 until it is journaled. */
async function holdOf(attemptId: string): Promise<bigint> {
  const [row] = await stack.sql<{ amount: string }>(
    `SELECT coalesce(sum((line ->> 'amount')::numeric), 0)::text AS amount
     FROM budget.hold, jsonb_array_elements(lines) AS line WHERE attempt_id = $1`,
    [attemptId],
  );
  return BigInt(row?.amount ?? 0);
}

const SCRIPTED = { provider: "scripted", simulated: "false" };
const DIRECT = { ...SCRIPTED, model: "scripted-1", attempts: "1", reason: "direct" };
const ROUTED = { ...SCRIPTED, model: "scripted-1", attempts: "1", reason: "route support version 1" };

describe("the headers of an answer", () => {
  it("tell for a direct model who answered and what it cost, and no route", async () => {
    assert.deepEqual(waybillHeaders(await askPlain()), { ...DIRECT, "cost-usd": "0.000026" });
  });

  it("tell for a route its version, the way through it, why, and after how many attempts", async () => {
    const route = { ...ROUTED, route: "support@v1" };
    const model = "dynamic/support";
    const free = waybillHeaders(await askPlain({ model }));
    assert.deepEqual(free, { ...route, path: "start>plan:false>cheaper", "cost-usd": "0.000026" });
    const paid = waybillHeaders(await askPlain({ model, headers: { "x-user-plan": "paid" } }));
    assert.deepEqual(paid, { ...route, model: "scripted-2", path: "start>plan:true>better", "cost-usd": "0.000052" });

    const second = waybillHeaders(await askFaulty({ kind: "status", status: 500 }, { model }));
    attempts += 1;
    const { "cost-usd": cost, ...rest } = second;
    assert.deepEqual(rest, {
      ...route,
      model: "scripted-2",
      attempts: "2",
      reason: "after upstream_error of attempt 1",
      path: "start>plan:false>cheaper:fallback>better-instead",
    });
    const booked = await booksAreRight(stack, { attempts });
    const row = booked.find(({ attempt_id }) => attempt_id === `${requestIds.at(-1)}.2`);
    assert.equal(parseUsd(cost ?? ""), parseUsd(row?.cost_usd ?? ""));
  });

  it("tell what is left of the budget: its limit less what was spent and less this call's own hold", async () => {
    await eventually(
      async () => {
        await booksAreRight(stack, { attempts });
        const { posted } = await budgetBalance(stack);
        const response = await askPlain();
        const hold = await eventually(() => holdOf(`${response.headers.get("x-request-id")}.1`), {
          reason: "its hold is journaled",
        });
        const left = parseUsd("50") - posted - hold;
        return response.headers.get("x-waybill-budget-remaining-usd") === formatUsd(left);
      },
      // The router hears how the budget stands every 750 ms.
      { timeoutMs: 5_000, intervalMs: 750, reason: "the router has heard of the last spend" },
    );
  });

  it("come before the first token of a stream, and its usage chunk tells the cost that the ledger books", async () => {
    const fields = { stream_options: { include_usage: true } };
    const script = { ...TEN_IN_FOUR_OUT, chunks: 4 };
    const response = note(await ask(stack, { model: "dynamic/support", stream: true, fields, script }));
    assert.deepEqual(waybillHeaders(response), { ...ROUTED, route: "support@v1", path: "start>plan:false>cheaper" });
    const events = (await response.text()).trim().split("\n\n");
    assert.equal(events.at(-1), "data: [DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)));
    const last = chunks.pop();
    assert.equal(last.usage.completion_tokens, 4);
    assert.deepEqual(last.waybill, {
      cost_usd: "0.000026",
      attempts: 1,
      model: "scripted/scripted-1",
      simulated: false,
    });
    for (const chunk of chunks) assert.equal("waybill" in chunk, false, "only the usage chunk tells it");
    const booked = await booksAreRight(stack, { attempts });
    const row = booked.find(({ attempt_id }) => attempt_id === `${requestIds.at(-1)}.1`);
    assert.equal(parseUsd(row?.cost_usd ?? ""), parseUsd(last.waybill.cost_usd));
  });

  it("are those that the README shows", async () => {
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    const block = /```\nHTTP\/1\.1 200 OK\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const shown = block
      .trim()
      .split("\n")
      .map((line) => line.split(":")[0]?.toLowerCase());
    const response = await askPlain({ model: "dynamic/support" });
    assert.deepEqual(shown.toSorted(), [...response.headers.keys()].toSorted());
  });
});
