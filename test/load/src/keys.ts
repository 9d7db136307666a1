// What very many keys cost: start-up of budget service and ingress, their memory, and how fast a key is found, the first time and again.
// Whole processes, real NATS and Postgres. A tenth of the keys is revoked and a fifth has changed, so that the bucket is full, too.
//   node --conditions=source --import tsx test/load/src/keys.ts [--keys 100000] [--in-flight 32]
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { plainCredentials, tokenMetadata } from "@waybill/rpc";
import { AccountServiceClient, ListKeysRequest, type ListKeysResponse } from "@waybill/wire";
import { Agent, request } from "undici";
import type { ServiceProcess } from "../../stack/service-process.ts";
import { startStack, type TestStack } from "../../stack/start-stack.ts";
import { describeMachine } from "./machine.ts";

const { values } = parseArgs({
  options: { keys: { type: "string", default: "100000" }, "in-flight": { type: "string", default: "32" } },
});
const KEYS = Number(values.keys);
const IN_FLIGHT = Number(values["in-flight"]);

/** Key n of the installation; Postgres makes the same ones. */
const keyIdOf = (n: number): string => n.toString(16).padStart(16, "0");
const keyOf = (n: number): string => `wb_${keyIdOf(n)}_secret-of-key-${String(n).padStart(10, "0")}`;

async function insertKeys(stack: TestStack): Promise<void> {
  await stack.sql("INSERT INTO accounts.team (organisation_id, id, name) VALUES ('acme', 'many', 'Many')");
  await stack.sql(
    `INSERT INTO accounts.app_user (organisation_id, id, team_id, name)
     SELECT 'acme', 'user-' || n, 'many', 'User ' || n FROM generate_series(0, $1) n`,
    [Math.ceil(KEYS / 10)],
  );
  await stack.sql(
    `INSERT INTO accounts.virtual_key (key_id, secret_sha256, organisation_id, user_id, name, tags, metadata, allowed_models, revision, revoked_at)
     SELECT lpad(to_hex(n), 16, '0'), sha256(convert_to('secret-of-key-' || lpad(n::text, 10, '0'), 'UTF8')), 'acme', 'user-' || n / 10,
       'key ' || n, '{"project":"x"}', '{"plan":"paid"}', '{scripted/scripted-1,auto}',
       CASE WHEN n % 5 = 1 OR n % 10 = 0 THEN 2 ELSE 1 END, CASE WHEN n % 10 = 0 THEN now() END
     FROM generate_series(1, $1) n`,
    [KEYS],
  );
}

const rssMib = ({ pid }: ServiceProcess): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024);

/** A process in place of the one there is: how long until it is ready, and itself. */
async function restart(
  stack: TestStack,
  name: "budget" | "ingress",
): Promise<{ process: ServiceProcess; readyMs: number }> {
  const [old] = stack.of(name);
  if (!old) throw new Error(`there is no ${name}`);
  await old.terminate();
  const startedMs = performance.now();
  const process = await stack.start(name, { inPlaceOf: old });
  return { process, readyMs: Math.round(performance.now() - startedMs) };
}

interface Spread {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** Runs `one` for 1 to KEYS, so many at a time. */
async function forEach(one: (n: number) => Promise<void>): Promise<Spread> {
  const tookMs: number[] = [];
  let next = 0;
  const startedMs = performance.now();
  const lane = async (): Promise<void> => {
    while (next < KEYS) {
      next += 1;
      const atMs = performance.now();
      await one(next);
      tookMs.push(performance.now() - atMs);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = (performance.now() - startedMs) / 1_000;
  tookMs.sort((a, b) => a - b);
  const at = (share: number): number => Number((tookMs[Math.floor(tookMs.length * share)] ?? 0).toFixed(2));
  return { perSecond: Math.round(KEYS / seconds), p50Ms: at(0.5), p99Ms: at(0.99) };
}

function listPage(client: AccountServiceClient, token: string, after: string): Promise<ListKeysResponse> {
  const page = ListKeysRequest.create({ organisationId: "acme", after });
  return new Promise((resolve, reject) => {
    client.listKeys(page, tokenMetadata(token), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function listAll(stack: TestStack): Promise<{ keys: number; pages: number; ms: number }> {
  const client = new AccountServiceClient(stack.budgetUrls[0] ?? "", plainCredentials);
  const startedMs = performance.now();
  let [keys, pages, after] = [0, 0, ""];
  do {
    const page = await listPage(client, stack.operatorToken, after);
    keys += page.keys.length;
    pages += 1;
    after = page.nextAfter;
  } while (after !== "");
  client.close();
  return { keys, pages, ms: Math.round(performance.now() - startedMs) };
}

await using stack = await startStack();
const say = (what: string, value: unknown): void => console.log(`${what}: ${JSON.stringify(value)}`);
say("machine", {
  ...(await describeMachine()),
  command: `test/load/src/keys.ts ${process.argv.slice(2).join(" ")}`.trim(),
});
const fewKeys = { budget: await restart(stack, "budget"), ingress: await restart(stack, "ingress") };
say("with 3 keys, ready after ms", { budget: fewKeys.budget.readyMs, ingress: fewKeys.ingress.readyMs });
say("with 3 keys, MiB", { budget: rssMib(fewKeys.budget.process), ingress: rssMib(fewKeys.ingress.process) });
await insertKeys(stack);
say("keys", KEYS);
const first = await restart(stack, "budget");
say("budget service, ready after ms", first.readyMs);
const repairedFrom = performance.now();
const inBucket = Math.floor(KEYS / 10) + Math.floor((KEYS + 4) / 5);
while (!readFileSync(first.process.logFile, "utf8").includes("were missing in the bucket")) {
  if (performance.now() - repairedFrom > 120_000) throw new Error("the bucket was not repaired");
  await new Promise((resolve) => setTimeout(resolve, 50));
}
say("an empty bucket filled, ms after ready", { entries: inBucket, ms: Math.round(performance.now() - repairedFrom) });
say("budget service, MiB", rssMib(first.process));
say("budget service, again, ready after ms", (await restart(stack, "budget")).readyMs);
const ingress = await restart(stack, "ingress");
say("ingress, ready after ms", ingress.readyMs);
say("ingress, nothing asked yet, MiB", rssMib(ingress.process));
const agent = new Agent({ connections: IN_FLIGHT });
const ask = async (n: number): Promise<void> => {
  const answer = await request(`${stack.url}/v1/models`, {
    headers: { authorization: `Bearer ${keyOf(n)}` },
    dispatcher: agent,
  });
  await answer.body.dump();
  const expected = n % 10 === 0 ? 401 : 200;
  if (answer.statusCode !== expected) throw new Error(`key ${n}: ${answer.statusCode}`);
};
say("every key once: asked of the budget service", await forEach(ask));
say("ingress, every key known, MiB", rssMib(ingress.process));
say("every key again: known", await forEach(ask));
const [budget] = stack.of("budget");
if (budget) say("budget service, after all this, MiB", rssMib(budget));
say("all keys listed", await listAll(stack));
await agent.close();
