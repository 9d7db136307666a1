// The command `waybill` as people run it, with settings of its own and nothing of the caller's environment.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./launcher.ts";

const PROGRAM = join(ROOT, "libs/cli/dist/main.js");

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  settings: Record<string, string>;
  /** The folder it runs in. */
  folder: string;
}

export async function runCli({ settings, folder }: CliOptions, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: settings,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ran: Ran = { code: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    ran.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    ran.stderr += text;
  });
  ran.code = await new Promise((resolve) => child.once("close", resolve));
  const secret = settings.WAYBILL_ADMIN_KEY?.split("_").slice(2).join("_") ?? "";
  assert.ok(secret === "" || !`${ran.stdout}${ran.stderr}`.includes(secret), "the key is never printed");
  return ran;
}
