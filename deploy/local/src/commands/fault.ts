// `npm run fault`: the fault tests with many seeds, for longer than CI has.

import { faultScaleDefault, faultSeedsDefault, readLauncherConfig } from "../config.ts";
import { PlainError } from "../plain-error.ts";
import { runTestFiles } from "../tests/test-files.ts";
import { build } from "./test.ts";

const fileLimitMs = 3_600_000;

export const faultHelp = `npm run fault             every fault test with every seed
npm run fault -- <part>   only the files whose path contains the part

Settings: WAYBILL_FAULT_SEEDS, how many seeds each fault is tried with (20: the seeds 1 to 20), or the seeds themselves
(3,7 or 5-9; 17-17 is the seed 17 alone); default ${faultSeedsDefault}.
WAYBILL_FAULT_SCALE, by what the long waits are divided; default ${faultScaleDefault}, which is in earnest. CI takes 10.`;

export async function fault(filters: readonly string[]): Promise<void> {
  const { rootDir, faultSeeds, faultScale } = readLauncherConfig();
  if (!(await build(rootDir))) throw new PlainError("the build failed; the reason is above.");
  const env = { WAYBILL_FAULT_SEEDS: faultSeeds, WAYBILL_FAULT_SCALE: faultScale };
  const passed = await runTestFiles({ rootDir, folders: ["test/fault"], filters, concurrency: 1, fileLimitMs, env });
  if (!passed) throw new PlainError("a fault test failed; its output above names the seed.");
}
