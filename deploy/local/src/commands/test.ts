// `npm test`: everything CI runs, in order, each step with its title and time; stops at the first that fails.

import { join } from "node:path";
import { readLauncherConfig } from "../config.ts";
import { findNatsServer } from "../find-nats-server.ts";
import { PlainError } from "../plain-error.ts";
import { runTool } from "../run-tool.ts";
import { say, seconds } from "../say.ts";
import { generatedCodeIsFresh } from "../tests/generated-code.ts";
import { runTestFiles } from "../tests/test-files.ts";

interface Step {
  readonly name: string;
  readonly title: string;
  /** Built programs are run: `build` comes first when the step is asked for alone. */
  readonly needsBuild?: boolean;
  run(rootDir: string, filters: readonly string[]): Promise<boolean>;
}

/** Unit tests wait more than they work; two whole stacks keep two cores busy; faults have the machine to themselves. */
const twoAtOnce = 2;
const threeAtOnce = 3;
const oneAtOnce = 1;
const minuteMs = 60_000;

const steps: readonly Step[] = [
  {
    name: "lint",
    title: "format and lint",
    run: (rootDir) => runTool(rootDir, "node_modules/@biomejs/biome/bin/biome", ["check"]),
  },
  { name: "generated", title: "generated code is what the protos say", run: generatedCodeIsFresh },
  { name: "build", title: "types and build", run: build },
  {
    name: "types",
    title: "types of the tests",
    run: (rootDir) => runTool(rootDir, "node_modules/typescript/bin/tsc", ["-p", "tsconfig.tests.json"]),
  },
  {
    name: "dead-code",
    title: "dead code",
    run: (rootDir) => runTool(rootDir, "node_modules/knip/bin/knip.js", ["--no-config-hints"]),
  },
  testStep("tidy", "the house rules", ["test/tidy"], twoAtOnce, minuteMs),
  testStep("unit", "unit tests", ["libs", "services", "deploy"], threeAtOnce, 2 * minuteMs),
  testStep("contract", "contracts with real NATS and Postgres", ["test/contract"], twoAtOnce, 3 * minuteMs),
  { ...testStep("e2e", "the whole stack", ["test/e2e"], twoAtOnce, 5 * minuteMs), needsBuild: true },
  { ...testStep("fault", "faults on real processes", ["test/fault"], oneAtOnce, 10 * minuteMs), needsBuild: true },
];

export const testHelp = `npm test                      everything CI runs
npm test -- <step>            one step: ${steps.map(({ name }) => name).join(", ")}
npm test -- <step> <part...>  of a step with tests, only the files whose path contains a part, e.g. npm test -- unit ports
npm run fault                 the fault tests with more seeds (WAYBILL_FAULT_SEEDS says how many)`;

/** Rejects with a PlainError that says how to run the failing step again. */
export async function test(args: readonly string[]): Promise<void> {
  const [wanted, ...filters] = args;
  const { rootDir } = readLauncherConfig();
  const chosen = wanted === undefined ? steps : chooseSteps(wanted);
  const times: string[] = [];
  for (const step of chosen) {
    say(`\n== ${step.title} (${step.name})`);
    const startedAt = performance.now();
    const passed = await step.run(rootDir, step.name === wanted ? filters : []);
    const took = seconds(startedAt);
    times.push(`${took.padStart(8)}  ${step.title}`);
    if (!passed) {
      const again = [step.name, ...(step.name === wanted ? filters : [])].join(" ");
      throw new PlainError(`"${step.title}" failed after ${took}; again: npm test -- ${again}`);
    }
  }
  say(`\nall passed\n${times.join("\n")}`);
}

export async function build(rootDir: string): Promise<boolean> {
  return await runTool(rootDir, "node_modules/typescript/bin/tsc", ["-b"]);
}

function chooseSteps(wanted: string): readonly Step[] {
  const step = steps.find(({ name }) => name === wanted);
  if (step === undefined) throw new PlainError(`there is no step "${wanted}".\n\n${testHelp}`);
  const before = step.needsBuild === true ? steps.filter(({ name }) => name === "build") : [];
  return [...before, step];
}

function testStep(name: string, title: string, folders: string[], concurrency: number, fileLimitMs: number): Step {
  return {
    name,
    title,
    async run(rootDir, filters) {
      // Fetched once, here, not by every test file that needs it and finds none.
      await findNatsServer(join(rootDir, ".waybill", "tools"), { onProgress: say });
      return await runTestFiles({ rootDir, folders, filters, concurrency, fileLimitMs });
    },
  };
}
