// `npm run bench`: the whole stack under load, beside the provider called directly and the Portkey gateway, in one run.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeTestFolder } from "@waybill/testing";
import { compare } from "./compare.ts";
import { measureHold } from "./hold.ts";
import { judgeHold } from "./hold-verdicts.ts";
import { ROOT } from "./machine.ts";
import { type BenchOptions, help, readOptions } from "./options.ts";
import { endChildrenWithUs } from "./parts/end-children.ts";
import { warmUp } from "./phases/saturation.ts";
import { profileWaybill, profilingNodeOptions } from "./profile/profile-waybill.ts";
import { renderReport } from "./report.ts";
import { renderHold } from "./report-hold.ts";
import { startBench } from "./start-bench.ts";
import { judge } from "./verdicts.ts";

const say = (line: string): void => console.log(line);

endChildrenWithUs();
try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) say(help);
  else {
    const folder = await makeTestFolder("bench");
    const nodeOptions = options.profile ? profilingNodeOptions(folder.path) : "";
    await using bench = await startBench(options, folder, nodeOptions, say);
    say("warming up");
    await warmUp(bench);
    if (options.profile) say(await profileWaybill(bench, folder.path));
    else if (options.hold) {
      const results = await measureHold(bench, say);
      say(`\n${renderHold(results)}`);
      await save(options, { ...results, targets: judgeHold(results) });
      if (results.books.problems.length > 0) process.exitCode = 1;
    } else {
      const results = await compare(bench, say);
      say(`\n${renderReport(results)}`);
      await save(options, { ...results, targets: judge(results) });
      if (results.books.problems.length > 0) process.exitCode = 1;
    }
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}

async function save(options: BenchOptions, results: object): Promise<void> {
  const file = options.jsonFile ?? join(ROOT, ".waybill/bench", `${Date.now()}.json`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(results, null, 2));
  say(`\nall numbers: ${file}`);
}
