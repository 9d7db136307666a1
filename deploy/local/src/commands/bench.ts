// `npm run bench`: hands over to the load test, which brings its own stack.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readLauncherConfig } from "../config.ts";
import { PlainError } from "../plain-error.ts";
import { runNode } from "../run-tool.ts";
import { build } from "./test.ts";

const entry = "test/load/src/main.ts";

export const benchHelp = `npm run bench                 load against the whole stack beside its peers; prints a table and writes a JSON file
npm run bench -- --quick      one short round, about two minutes
npm run bench -- --hold       bodies of many sizes, many open streams, slow readers, clients that leave
npm run bench -- --profile    where the CPU time of each service goes
also: --rate <requests/s> --seconds <n> --concurrency <n> --json <file>, see test/load/src/options.ts`;

export async function bench(args: readonly string[]): Promise<void> {
  const { rootDir } = readLauncherConfig();
  if (!existsSync(join(rootDir, entry))) throw new PlainError(`there is no benchmark here: ${entry} is missing.`);
  if (!(await build(rootDir))) throw new PlainError("the build failed; the reason is above.");
  const passed = await runNode(rootDir, ["--conditions=source", "--import", "tsx", join(rootDir, entry), ...args]);
  if (!passed) throw new PlainError("the benchmark failed; the reason is above.");
}
