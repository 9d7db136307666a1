// How many decisions one router process makes per second of its CPU time, asked over standing streams as an ingress asks: whole
// processes, real NATS and Postgres, three hard budgets on every request, every hold journaled and every decision recorded.
//   node --conditions=source --import tsx test/load/src/decisions.ts [--decisions 40000] [--in-flight 256]
import { parseArgs } from "node:util";
import { eventually, twentyNodeRoute } from "@waybill/testing";
import { adminOf } from "../../stack/admin.ts";
import { startStack, type TestStack } from "../../stack/start-stack.ts";
import { cpuSeconds, type Part } from "./parts/process-usage.ts";
import { openRouterAsker } from "./parts/router-asker.ts";
import { addBudgets } from "./parts/three-budgets.ts";

const { values } = parseArgs({
  options: {
    decisions: { type: "string", default: "40000" },
    "in-flight": { type: "string", default: "256" },
  },
});
const DECISIONS = Number(values.decisions);
const IN_FLIGHT = Number(values["in-flight"]);
const WARM_UP = 20_000;
const POOL_SIZE = 30;
const POOL = Array.from({ length: POOL_SIZE }, (_, n) => `scripted/pool-${n}`);

const yaml = (url: string): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${url}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-2, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "2", output: "8"}}
${POOL.map((id, n) => {
  const price = `{input: "${(n + 2) / 10}", output: "${(n + 2) / 5}"}`;
  return `      - {name: ${id.slice("scripted/".length)}, contextWindowTokens: 200000, maxOutputTokens: 4096, price: ${price}, quality: {"": ${0.6 + n / 100}}}`;
}).join("\n")}
`;

await using stack = await startStack({
  replicas: { console: 1 },
  durable: true,
  waybillYaml: yaml,
  env: { all: { WAYBILL_LOG_LEVEL: "warn" } },
});
const key = stack.keys.support_1 ?? "";
await addBudgets(stack, key);
await makeRoute(stack);
const asker = await openRouterAsker(stack, key);
const router: Part = { name: "router", pids: async () => stack.of("router").map(({ pid }) => pid) };

for (const model of ["scripted/scripted-1", "dynamic/twenty"]) {
  await eventually(async () => (await asker.decide(model)) === "ok", {
    reason: `${model} is decided`,
    timeoutMs: 20_000,
  });
  await run(model, WARM_UP);
  const before = await cpuSeconds(router);
  const startedAtMs = performance.now();
  await run(model, DECISIONS);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const cpu = (await cpuSeconds(router)) - before;
  const microseconds = ((cpu * 1e6) / DECISIONS).toFixed(1);
  console.log(
    `${model}: ${Math.round(DECISIONS / cpu)} decisions/s on one core (${microseconds} µs of the router's CPU each), ` +
      `${Math.round(DECISIONS / seconds)}/s with caller, budget service, NATS and Postgres on the same machine`,
  );
}
asker.stop();

async function makeRoute(on: TestStack): Promise<void> {
  const document = twentyNodeRoute(POOL, "scripted/scripted-2", "scripted/scripted-1");
  const { status, body } = await adminOf(on)("POST", "/api/v1/routes", { name: "twenty", document, deploy: true });
  if (status !== 201) throw new Error(JSON.stringify(body));
}

/** Keeps IN_FLIGHT requests on their way until `count` are answered. Throws on the first that is not decided. */
async function run(model: string, count: number): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const outcome = await asker.decide(model);
      if (outcome !== "ok") throw new Error(`${model}: ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
