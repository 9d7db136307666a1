// A provider with several accounts on a whole stack: calls are spread by weight, an account that refuses is left alone while another one
// answers, and every attempt is on the books under the account that carried it. Accounts are told apart by the key, or by the host, that
// the scripted provider sees. Each test has a model of its own, because accounts are left alone for one model at a time.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { type CallEntry, eventually, type Fault } from "@waybill/testing";
import { adminOf } from "../stack/admin.ts";
import { type AskOptions, ask, readStream } from "../stack/ask.ts";
import { booksAreRight } from "../stack/books.ts";
import { startStack, type TestStack } from "../stack/start-stack.ts";

const KEYS = { TEST_EAST_KEY: "sk-east", TEST_WEST_KEY: "sk-west" };
/** As OpenAI's dialect sends them and the log keeps them. */
const SEEN: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({ east: "sk-east", west: "sk-west" }).map(([account, key]) => [
    `sha256:${createHash("sha256").update(`Bearer ${key}`).digest("hex")}`,
    account,
  ]),
);
const EAST_AND_WEST = "[{id: east, keyVariable: TEST_EAST_KEY}, {id: west, keyVariable: TEST_WEST_KEY}]";
const MODELS = ["plain", "stream", "again", "refused", "cooling", "failing", "sessions", "billed", "used-up"] as const;
/** Of two workers, which tell each other. */
const WORKERS_MODELS = ["w1", "w2", "w3", "w4", "w5", "w6"] as const;
const DIALECTS = ["openai-compatible", "anthropic", "gemini", "bedrock", "azure-openai"] as const;

const model = (name: string): string =>
  `{name: scripted-${name}, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}`;

/** `url` ends in /v1. The scripted provider is the same at both hosts, which stand for two regions. */
const waybillYaml = (url: string): string => {
  const origin = url.replace(/\/v1$/, "");
  const provider = (
    id: string,
    dialect: string,
    baseUrl: string,
    accounts: string,
    models: readonly string[],
  ): string =>
    `  - {id: ${id}, dialect: ${dialect}, baseUrl: "${baseUrl}", allowPrivateAddress: true, accounts: ${accounts}, models: [${models.map(model).join(", ")}]}`;
  const paths = { "openai-compatible": "/v1", anthropic: "/v1", gemini: "/v1beta", bedrock: "", "azure-openai": "" };
  const regions = DIALECTS.map((dialect) => {
    const here = `${origin}${paths[dialect]}`;
    const region = dialect === "bedrock" ? ", region: eu-central-1" : "";
    const key = dialect === "bedrock" ? "TEST_BEDROCK_KEYS" : "TEST_EAST_KEY";
    const accounts = [here, here.replace("127.0.0.1", "localhost")].map(
      (baseUrl, index) => `{id: region-${index}, baseUrl: "${baseUrl}", keyVariable: ${key}${region}}`,
    );
    return provider(`in-${dialect}`, dialect, here, `[${accounts.join(", ")}]`, [dialect]);
  });
  return [
    "providers:",
    provider("two", "openai-compatible", url, EAST_AND_WEST, [...MODELS, ...WORKERS_MODELS]),
    provider("weighted", "openai-compatible", url, EAST_AND_WEST.replace("east,", "east, weight: 3,"), ["weighted"]),
    provider(
      ...(["partial", "openai-compatible", url] as const),
      EAST_AND_WEST.replace("TEST_WEST_KEY", "TEST_ABSENT_KEY"),
      ["partial"],
    ),
    provider(
      ...(["keyless", "openai-compatible", url] as const),
      "[{id: east, keyVariable: TEST_ABSENT_KEY}, {id: west, keyVariable: TEST_ABSENT_TOO_KEY}]",
      ["keyless"],
    ),
    ...regions,
    "aliases: {better: two/scripted-plain, cheaper: two/scripted-plain}",
  ].join("\n");
};

let stack: TestStack;
/** Of all requests so far, with those that came to no provider. */
let attempts = 0;

before(async () => {
  stack = await startStack({
    waybillYaml,
    replicas: { console: 1 },
    env: { worker: { ...KEYS, TEST_BEDROCK_KEYS: "AKIDEXAMPLEAKIDEX:bedrock-secret" } },
  });
});
after(() => stack[Symbol.asyncDispose]());

const refusal = (status: number, retryAfter?: number): Fault => ({
  ...{ kind: "status", status },
  ...(retryAfter !== undefined && { retryAfter }),
});

interface Asked {
  status: number;
  code: string;
  headers: Headers;
  /** The accounts that were called for it, in order. */
  accounts: string[];
  requestId: string;
}

async function asked(name: string, options: AskOptions = {}): Promise<Asked> {
  const answer = await ask(stack, { model: `two/scripted-${name}`, ...options });
  const requestId = answer.headers.get("x-request-id") ?? "";
  attempts += Number(answer.headers.get("x-waybill-attempts"));
  const { error } = options.stream
    ? { error: { code: (await readStream(answer)).errorCode } }
    : ((await answer.json()) as { error?: { code: string } });
  const calls = stack.provider.log.forRequest(requestId);
  return {
    status: answer.status,
    code: error?.code ?? "",
    headers: answer.headers,
    accounts: calls.map(accountOf),
    requestId,
  };
}

function accountOf({ headers }: CallEntry): string {
  return SEEN[String(headers.authorization)] ?? assert.fail(`nobody's key: ${headers.authorization}`);
}

/** `<account> <outcome> <code>` of each attempt, once all are booked. */
async function booked({ requestId, accounts }: Asked): Promise<string[]> {
  const look = async () => {
    const rows = await stack.sql<{ provider_account: string; outcome: string; error_code: string | null }>(
      "SELECT provider_account, outcome, error_code FROM ledger.attempt WHERE request_id = $1 ORDER BY attempt",
      [requestId],
    );
    return rows.length >= accounts.length ? rows : undefined;
  };
  const rows = await eventually(look, { reason: `${requestId} is booked`, timeoutMs: 15_000, intervalMs: 50 });
  return rows.map((row) => [row.provider_account, row.outcome, row.error_code ?? ""].join(" ").trim());
}

/** The decision for the other account is explained by its record alone. */
async function assertReplaysTheSame({ requestId, accounts }: Asked): Promise<void> {
  const look = async () => {
    const { status, body } = await adminOf(stack)("POST", `/api/v1/requests/${requestId}/replay`, {
      attempt: accounts.length,
    });
    return status === 200 ? body : undefined;
  };
  const replayed = await eventually(look, { reason: "it is replayed", timeoutMs: 15_000, intervalMs: 100 });
  assert.equal(replayed.same, true, JSON.stringify(replayed));
}

const workerLog = (): Promise<string> => readFile(stack.of("worker")[0]?.logFile ?? "", "utf8");
const otherThan = (account: string | undefined): string => (account === "east" ? "west" : "east");

describe("accounts of a provider", () => {
  it("have their shares of the calls by weight", async () => {
    const counts = new Map<string, number>();
    for (let count = 0; count < 40; count += 1) {
      const { status, accounts } = await asked("", { model: "weighted/scripted-weighted" });
      assert.equal(status, 200);
      for (const account of accounts) counts.set(account, (counts.get(account) ?? 0) + 1);
    }
    assert.deepEqual([counts.get("east"), counts.get("west")], [30, 10]);
  });

  it("answer for each other after a 429, plain and streamed, both attempts booked", async () => {
    for (const [name, stream] of [
      ["plain", false],
      ["stream", true],
    ] as const) {
      const one = await asked(name, { stream, script: [{ fault: refusal(429, 30) }, {}] });
      const [refused] = one.accounts;
      assert.deepEqual([one.status, one.code, one.accounts], [200, "", [refused, otherThan(refused)]], name);
      assert.equal(one.headers.get("x-waybill-attempts"), "2");
      assert.deepEqual(await booked(one), [
        `${refused} failed_free upstream_rate_limited`,
        `${otherThan(refused)} success`,
      ]);
      await assertReplaysTheSame(one);
      // The model as a whole was not left alone, and the account that was refused is.
      for (let count = 0; count < 4; count += 1) {
        const next = await asked(name, { stream });
        assert.deepEqual([next.status, next.accounts], [200, [otherThan(refused)]]);
      }
    }
  });

  it("are called again when the time they asked for is over, and not before", async () => {
    const one = await asked("again", { script: [{ fault: refusal(429, 2) }, {}] });
    const refusedAtMs = Date.now();
    const [refused] = one.accounts;
    const isBack = async () => (await asked("again")).accounts[0] === refused;
    await eventually(isBack, { reason: "the account is called again", timeoutMs: 10_000, intervalMs: 50 });
    const pauseMs = Date.now() - refusedAtMs;
    assert.ok(pauseMs > 1_800 && pauseMs < 6_000, `${pauseMs} ms`);
  });

  it("are set aside when their key is refused, which is logged without the key", async () => {
    const one = await asked("refused", { script: [{ fault: refusal(401) }, {}] });
    const [refused] = one.accounts;
    assert.deepEqual([one.status, one.accounts], [200, [refused, otherThan(refused)]]);
    assert.deepEqual(await booked(one), [`${refused} failed_free upstream_auth`, `${otherThan(refused)} success`]);
    for (let count = 0; count < 6; count += 1) {
      assert.deepEqual((await asked("refused")).accounts, [otherThan(refused)]);
    }
    const refusals = async () => {
      const lines = (await workerLog()).split("\n");
      return lines.filter((line) => line.includes("the key of an account was refused"));
    };
    const isLogged = async () => (await refusals()).length > 0;
    await eventually(isLogged, { reason: "it is logged", timeoutMs: 5_000, intervalMs: 50 });
    const [log, lines] = [await workerLog(), await refusals()];
    assert.equal(lines.length, 1);
    const { account, model: called, level } = JSON.parse(lines[0] ?? "{}");
    assert.deepEqual([account, called, level], [refused, "scripted-refused", "warn"]);
    for (const key of Object.values(KEYS)) assert.ok(!log.includes(key), "no key in the log");
  });

  it("that all cool make it a 429 with the shortest pause, first by a call and then without one", async () => {
    const one = await asked("cooling", { script: [{ fault: refusal(429, 25) }, { fault: refusal(429, 9) }] });
    assert.deepEqual([one.status, one.code, new Set(one.accounts).size], [429, "upstream_rate_limited", 2]);
    assert.equal(one.headers.get("retry-after"), "9");
    assert.deepEqual(
      (await booked(one)).map((line) => line.replace(/^\w+ /, "")),
      ["failed_free upstream_rate_limited", "failed_free upstream_rate_limited"],
    );
    for (let count = 0; count < 3; count += 1) {
      const next = await asked("cooling");
      const retryAfter = Number(next.headers.get("retry-after"));
      assert.deepEqual([next.status, next.code, next.accounts], [429, "upstream_rate_limited", []]);
      assert.ok(retryAfter >= 5 && retryAfter <= 9, `retry-after: ${retryAfter}`);
    }
    // Once routers have heard of it, not even a worker is asked.
    const byRouter = async () => {
      const next = await asked("cooling");
      return next.headers.get("x-waybill-attempts") === null ? next : undefined;
    };
    const next = await eventually(byRouter, { reason: "a router refuses", timeoutMs: 5_000, intervalMs: 50 });
    const retryAfter = Number(next.headers.get("retry-after"));
    assert.deepEqual([next.status, next.code], [429, "upstream_rate_limited"]);
    assert.ok(retryAfter >= 3 && retryAfter <= 9, `retry-after: ${retryAfter}`);
  });

  it("are left alone before they refuse, when their answers say that a limit is used up", async () => {
    const names = ["limit", "remaining", "reset"].map((name) => `x-ratelimit-${name}-requests`);
    const headers = Object.fromEntries(["100", "0", "3m0s"].map((text, n) => [names[n], text]));
    const served = new Set<string | undefined>();
    for (let count = 0; count < 2; count += 1) {
      const one = await asked("used-up", { script: { headers } });
      assert.equal(one.status, 200);
      for (const account of one.accounts) served.add(account);
    }
    assert.equal(served.size, 2);
    const none = await asked("used-up");
    assert.deepEqual([none.status, none.code, none.accounts], [429, "upstream_rate_limited", []]);
    const retryAfter = Number(none.headers.get("retry-after"));
    assert.ok(retryAfter > 5 && retryAfter <= 9, String(retryAfter));
  });

  it("take over at once from one that fails, and it is left alone after three failures in a row", async () => {
    for (let count = 0; count < 3; count += 1) {
      // Failed once, the request goes to the other account, though neither is left alone yet.
      const { status, accounts } = await asked("failing", {
        headers: { "x-waybill-session-id": "failing" },
        script: [{ fault: refusal(500) }, {}],
      });
      assert.deepEqual([status, accounts], [200, [accounts[0], otherThan(accounts[0])]]);
    }
    const { accounts } = await asked("failing", { headers: { "x-waybill-session-id": "failing" } });
    assert.equal(accounts.length, 1);
    const metrics = await (stack.of("worker")[0] ?? assert.fail()).metrics();
    const cooling = metrics.split("\n").filter((line) => line.startsWith("waybill_worker_cooling_accounts{"));
    assert.ok(
      cooling.some(
        (line) => line.includes('model="scripted-failing"') && line.includes(`account="${otherThan(accounts[0])}"`),
      ),
      cooling.join("\n"),
    );
  });

  it("are kept to by a session, and by a prompt's cache key", async () => {
    const ways = [
      (id: string): AskOptions => ({ headers: { "x-waybill-session-id": id } }),
      (id: string): AskOptions => ({ fields: { prompt_cache_key: id } }),
    ];
    const used = new Set<string>();
    for (const way of ways) {
      for (const id of ["s1", "s2", "s3", "s4", "s5", "s6"]) {
        const accounts: string[] = [];
        for (let count = 0; count < 3; count += 1) accounts.push(...(await asked("sessions", way(id))).accounts);
        assert.deepEqual(accounts, [accounts[0], accounts[0], accounts[0]]);
        used.add(accounts[0] ?? "");
      }
    }
    assert.deepEqual(used, new Set(["east", "west"]));
  });

  it("are not asked again for what may have been billed", async () => {
    const cut = await asked("billed", { stream: true, script: [{ fault: { kind: "cut_after", chunk: 2 } }, {}] });
    assert.deepEqual([cut.code, cut.accounts.length], ["upstream_truncated", 1]);
  });

  it("are of every dialect, each with its own address", async () => {
    for (const dialect of DIALECTS) {
      const name = `in-${dialect}/scripted-${dialect}`;
      const hosts: string[] = [];
      for (let count = 0; count < 2; count += 1) {
        const answer = await ask(stack, { model: name });
        assert.equal(answer.status, 200, await answer.text());
        attempts += 1;
        const [call] = stack.provider.log.forRequest(answer.headers.get("x-request-id") ?? "");
        hosts.push(String(call?.headers.host).replace(/:\d+$/, ""));
      }
      assert.deepEqual(hosts.sort(), ["127.0.0.1", "localhost"], dialect);
    }
  });

  it("without their key are not used, and with none that has one the model is not served; each is said once", async () => {
    for (let count = 0; count < 4; count += 1) {
      const { status, accounts } = await asked("", { model: "partial/scripted-partial" });
      assert.deepEqual([status, accounts], [200, ["east"]]);
    }
    const answer = await ask(stack, { model: "keyless/scripted-keyless" });
    assert.equal(answer.status, 503, await answer.text());
    const log = await workerLog();
    for (const sentence of [
      "the account west of partial is not used: the environment variable TEST_ABSENT_KEY is not set",
      "keyless is not served: none of its accounts can be used",
    ]) {
      assert.equal(log.split(sentence).length - 1, 1, sentence);
    }
  });

  it("are named where attempts are shown, and finance sees the cost of each", async () => {
    const one = await asked("", { model: "weighted/scripted-weighted" });
    await booked(one);
    const look = async () => {
      const { body } = await adminOf(stack)("GET", `/api/v1/requests/${one.requestId}`);
      return body.decisions?.[0]?.cost ? body.decisions[0].cost : undefined;
    };
    const cost = await eventually(look, { reason: "the request is shown", timeoutMs: 15_000, intervalMs: 100 });
    assert.equal(cost.account, one.accounts[0]);
    const rows = await stack.sql<{ account: string; cost_usd: string; attempts: bigint }>(
      "SELECT account, cost_usd, attempts FROM finance.cost_by_account_day WHERE provider = 'weighted' ORDER BY account",
    );
    assert.deepEqual(
      rows.map(({ account }) => account),
      ["east", "west"],
    );
    for (const { cost_usd } of rows) assert.ok(Number(cost_usd) > 0);
  });

  it("answer for each other whichever of several workers carries the attempts", async () => {
    await stack.start("worker");
    for (const name of WORKERS_MODELS) {
      const { status, accounts } = await asked(name, { script: [{ fault: refusal(429, 30) }, {}] });
      const [refused] = accounts;
      assert.deepEqual([status, accounts], [200, [refused, otherThan(refused)]], name);
      // Whichever worker carries the next ones: both leave the account alone that refused one of them.
      for (let count = 0; count < 6; count += 1) {
        const next = await asked(name);
        assert.deepEqual([next.status, next.accounts], [200, [otherThan(refused)]], name);
      }
    }
    const haveBoth = async () => {
      const carriers = await stack.sql(
        "SELECT DISTINCT worker_id FROM ledger.attempt WHERE model = ANY($1) AND worker_id IS NOT NULL",
        [WORKERS_MODELS.map((name) => `scripted-${name}`)],
      );
      return carriers.length === 2;
    };
    await eventually(haveBoth, { reason: "both workers had a part in it", timeoutMs: 15_000, intervalMs: 100 });
  });

  it("leave the books right", async () => {
    await booksAreRight(stack, { attempts, timeoutMs: 30_000 });
  });
});
