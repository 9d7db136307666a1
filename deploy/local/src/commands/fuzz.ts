// `npm run fuzz`: readers, translators and patchers with random inputs, for as many runs as one likes, from a seed that can be repeated.

import { readLauncherConfig } from "../config.ts";
import { PlainError } from "../plain-error.ts";
import { runTestFiles } from "../tests/test-files.ts";

const runsDefault = 20_000;
const runsMax = 100_000_000;
const fileLimitMs = 24 * 3_600_000;
/** fast-check takes 32 bits. */
const seedMax = 2 ** 31 - 1;

export const fuzzHelp = `npm run fuzz                        ${runsDefault} random inputs for everything that reads, translates or patches
npm run fuzz -- --runs N --seed N   as many, from this seed; the seed is printed first, and fast-check prints it with what fails
npm run fuzz -- <part>              only the files whose path contains the part`;

export async function fuzz(args: readonly string[]): Promise<void> {
  const { runs, seed, filters } = readArguments(args);
  const { rootDir } = readLauncherConfig();
  process.stdout.write(`seed ${seed}, ${runs} runs of each\n`);
  const passed = await runTestFiles({
    rootDir,
    folders: ["libs", "services"],
    filters: filters.length === 0 ? [".fuzz.test.ts"] : filters,
    concurrency: 2,
    fileLimitMs,
    env: { WAYBILL_FUZZ_RUNS: String(runs), WAYBILL_FUZZ_SEED: String(seed) },
  });
  if (!passed) throw new PlainError(`fuzzing found something; again: npm run fuzz -- --seed ${seed} --runs ${runs}`);
}

/** Throws a PlainError that names what cannot be. */
export function readArguments(args: readonly string[]): { runs: number; seed: number; filters: string[] } {
  const rest = [...args];
  const take = (name: string, max: number): number | undefined => {
    const at = rest.indexOf(name);
    if (at === -1) return undefined;
    const [, text = ""] = rest.splice(at, 2);
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 1 && value <= max) return value;
    throw new PlainError(`${name} must be a whole number from 1 to ${max}, not "${text}".`);
  };
  const runs = take("--runs", runsMax) ?? runsDefault;
  const seed = take("--seed", seedMax) ?? 1 + Math.floor(Math.random() * (seedMax - 1));
  const unknown = rest.find((arg) => arg.startsWith("-"));
  if (unknown !== undefined) throw new PlainError(`there is no option ${unknown}.\n\n${fuzzHelp}`);
  return { runs, seed, filters: rest };
}
