// The scripted provider as a process of its own, so that its work is nobody else's delay.

import { join } from "node:path";
import { freePort, type OracleSummary, type Script } from "@waybill/testing";
import type { Target } from "../generator/jobs.ts";
import { ROOT } from "../machine.ts";
import { startSideProcess } from "./side-process.ts";

export interface ProviderProcess {
  readonly pid: number;
  /** Ends in /v1. */
  readonly url: string;
  readonly port: number;
  readonly target: Target;
  /** For all calls from now on. */
  script(script: Script): Promise<void>;
  /** For all calls of one model from now on, whatever the others get. */
  scriptModel(model: string, script: Script): Promise<void>;
  /** Calls that have reached it so far, and how they ended. */
  summary(): Promise<OracleSummary>;
  stop(): Promise<void>;
}

export async function startProvider(logFolder: string): Promise<ProviderProcess> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { pid, stop } = await startSideProcess({
    name: "the scripted provider",
    // It keeps sums only: entries would cost it time and memory that a benchmark needs elsewhere.
    args: [join(ROOT, "libs/testing/dist/scripted-provider/main.js"), "--port", String(port), "--log-entries", "0"],
    logFile: join(logFolder, "scripted-provider.log"),
    probeUrl: `${origin}/v1/models`,
  });
  const put = async (what: string, script: Script): Promise<void> => {
    const answer = await fetch(`${origin}/_control/${what}`, { method: "PUT", body: JSON.stringify(script) });
    if (!answer.ok) throw new Error(`the scripted provider refused the script: ${await answer.text()}`);
  };
  return {
    pid,
    url: `${origin}/v1`,
    port,
    target: { name: "direct", origin, headers: {}, model: "scripted-1" },
    script: (script) => put("default", script),
    scriptModel: (model, script) => put(`models/${model}`, script),
    async summary() {
      return (await (await fetch(`${origin}/_control/summary`)).json()) as OracleSummary;
    },
    stop,
  };
}
