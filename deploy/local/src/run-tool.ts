// Runs a tool of the repository with Node, its output straight to the terminal.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { toolEnvironment } from "./config.ts";

/** True when the tool ended well. */
export async function runTool(
  rootDir: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  return await runNode(rootDir, [join(rootDir, program), ...args], env);
}

export function runNode(
  rootDir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: rootDir,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...toolEnvironment(), ...env },
    });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}
