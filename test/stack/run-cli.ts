// The command `waybill` as people run it, with settings of its own and nothing of the caller's environment.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./launcher.ts";
import type { TestStack } from "./start-stack.ts";

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

/** Runs the command as the installation's administrator; the run must end as `code` says. */
export function waybillOf(stack: Pick<TestStack, "adminUrl" | "keys">, folder: string) {
  const settings = { WAYBILL_ADMIN_URL: stack.adminUrl, WAYBILL_ADMIN_KEY: stack.keys.admin ?? "" };
  return async (code: number, ...args: string[]): Promise<Ran> => {
    const ran = await runCli({ settings, folder }, ...args);
    assert.equal(ran.code, code, `waybill ${args.join(" ")}\n${ran.stdout}${ran.stderr}`);
    return ran;
  };
}
