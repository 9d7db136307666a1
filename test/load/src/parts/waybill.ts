// The whole of Waybill with all money features on: key auth, three hard budgets that match every request, durable usage
// in a Postgres that forces everything to disk, one log line per request, traces sampled as they are by default.

import { connectBus, sightConsumer } from "@waybill/bus";
import { eventually } from "@waybill/testing";
import { type ServiceName, usageConsumer } from "@waybill/wire";
import { startStack, type TestStack } from "../../../stack/start-stack.ts";
import type { Target } from "../generator/jobs.ts";
import { type Part, pidsOfTree } from "./process-usage.ts";
import { addBudgets } from "./three-budgets.ts";

export interface RunningWaybill extends AsyncDisposable {
  readonly stack: TestStack;
  readonly target: Target;
  /** In the order of a request's path; NATS and Postgres last. */
  readonly parts: readonly Part[];
  /** Waits until ledger and budget have read every usage record; returns how many seconds that took. */
  settled(): Promise<number>;
}

export const serviceNames: readonly ServiceName[] = ["ingress", "router", "budget", "worker", "ledger"];
/** A worker carries 512 calls unless told otherwise; the standing streams are more. */
const WORKER_CAPACITY = "1200";
const SETTLE_LIMIT_MS = 60_000;
const SETTLE_POLL_MS = 20;

/** Of a provider that no load but another client's reaches. */
export const QUIET_MODEL = "quiet/scripted-1";

interface ProviderUrls {
  readonly scripted: string;
  readonly quiet: string;
}

const waybillYaml = ({ scripted, quiet }: ProviderUrls): string => `
providers:
  - id: scripted
    dialect: openai-compatible
    baseUrl: ${scripted}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
      - {name: scripted-2, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "2", output: "8"}}
  - id: quiet
    dialect: openai-compatible
    baseUrl: ${quiet}
    allowPrivateAddress: true
    models:
      - {name: scripted-1, contextWindowTokens: 16000000, maxOutputTokens: 4096, price: {input: "1", output: "4"}}
aliases: {better: scripted/scripted-2, cheaper: scripted/scripted-1}
`;

/** `nodeOptions` go to every service's process. */
export async function startWaybill(providers: ProviderUrls, nodeOptions: string): Promise<RunningWaybill> {
  const stack = await startStack({
    durable: true,
    waybillYaml: () => waybillYaml(providers),
    env: {
      ...(nodeOptions !== "" && { all: { NODE_OPTIONS: nodeOptions } }),
      worker: { WAYBILL_WORKER_CAPACITY: WORKER_CAPACITY },
    },
  });
  try {
    const key = stack.keys.support_1 ?? "";
    await addBudgets(stack, key);
    const operator = stack.nats.credentials("operator");
    const nc = await connectBus({ ...operator, url: stack.nats.url, service: "ledger", name: "bench" });
    const isSettled = async (): Promise<boolean> => {
      for (const reader of ["ledger", "budget"] as const) {
        const { stream, durable } = usageConsumer(reader);
        const { pending, unacknowledged } = await sightConsumer(nc, stream, durable);
        if (pending + unacknowledged > 0) return false;
      }
      return true;
    };
    return {
      stack,
      target: {
        name: "waybill",
        origin: stack.url,
        headers: { authorization: `Bearer ${key}` },
        model: "scripted/scripted-1",
      },
      parts: partsOf(stack),
      async settled() {
        const startedMs = performance.now();
        await eventually(isSettled, {
          timeoutMs: SETTLE_LIMIT_MS,
          intervalMs: SETTLE_POLL_MS,
          reason: "every usage record has been read",
        });
        return (performance.now() - startedMs) / 1_000;
      },
      async [Symbol.asyncDispose]() {
        await nc.close();
        await stack[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await stack[Symbol.asyncDispose]();
    throw error;
  }
}

function partsOf(stack: TestStack): Part[] {
  return [
    ...serviceNames.map((name) => ({ name, pids: async () => stack.of(name).map(({ pid }) => pid) })),
    { name: "nats", pids: async () => [stack.nats.pid()] },
    { name: "postgres", pids: () => pidsOfTree(stack.postgres.pid) },
  ];
}
