// Starts the process of a backtest and passes on what it tells; it ends when its answer is there or nobody wants it any more.
import { type ChildProcess, fork } from "node:child_process";
import { on, once } from "node:events";
import { fileURLToPath } from "node:url";
import { WaybillError } from "@waybill/domain";
import type { BacktestJob, BacktestNews } from "./backtest-process.ts";

/** What is kept of a million requests is some megabytes; the rest is for what is being read. */
const HEAP_MB_MAX = 512;
const PROCESS = fileURLToPath(new URL("./backtest-process.js", import.meta.url));

/** Ends with the result. Throws a WaybillError. */
export async function* startBacktest(
  job: BacktestJob,
  signal: AbortSignal,
): AsyncGenerator<Exclude<BacktestNews, { kind: "failed" }>> {
  // It needs nothing of this process's environment, and gets its token by its channel.
  const child = fork(PROCESS, [], {
    env: {},
    serialization: "advanced",
    execArgv: [`--max-old-space-size=${HEAP_MB_MAX}`],
  });
  const ended = new AbortController();
  child.once("exit", () => ended.abort());
  child.once("error", () => ended.abort());
  try {
    const news = on(child, "message", { signal: AbortSignal.any([signal, ended.signal]) });
    child.send(job);
    for await (const [told] of news as AsyncIterable<[BacktestNews]>) {
      if (told.kind === "failed") {
        const { code, publicMessage, detail } = told;
        throw new WaybillError(code, { publicMessage, detail });
      }
      // Whoever hears the result may ask for the next one at once.
      if (told.kind === "result") await end(child);
      yield told;
      if (told.kind === "result") return;
    }
  } catch (error) {
    if (error instanceof WaybillError || signal.aborted) throw error;
    throw new WaybillError("internal_error", {
      detail: `the process of a backtest ended: ${child.exitCode}`,
      cause: error,
    });
  } finally {
    await end(child);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
