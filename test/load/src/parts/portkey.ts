// The Portkey gateway from its npm package, as it ships: one process, no keys, no budgets, no durable record of anything.
// It passes requests on to the scripted provider by its custom-host header.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@waybill/testing";
import type { Target } from "../generator/jobs.ts";
import { startSideProcess } from "./side-process.ts";

const PACKAGE = "@portkey-ai/gateway";

export interface PortkeyProcess {
  readonly pid: number;
  readonly version: string;
  readonly target: Target;
  stop(): Promise<void>;
}

export async function startPortkey(providerUrl: string, logFolder: string): Promise<PortkeyProcess> {
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  const { version, bin } = JSON.parse(await readFile(manifest, "utf8")) as { version: string; bin: string };
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { pid, stop } = await startSideProcess({
    name: "the Portkey gateway",
    args: [
      "--import",
      fileURLToPath(new URL("listen-on-loopback.mjs", import.meta.url)),
      join(dirname(manifest), bin),
      `--port=${port}`,
      "--headless",
    ],
    env: { NODE_ENV: "production" },
    logFile: join(logFolder, "portkey.log"),
    probeUrl: origin,
  });
  const headers = {
    authorization: "Bearer not-a-real-key",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": providerUrl,
  };
  return { pid, version, target: { name: "portkey", origin, headers, model: "scripted-1" }, stop };
}
