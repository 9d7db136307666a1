// routes plan: what applying would change, and what recent requests would have done and cost.
import type { Command } from "commander";
import { mapAtOnce } from "../../api/map-at-once.ts";
import { allRoutes } from "../../api/pages.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { readRouteFiles } from "../../files/route-files.ts";
import { formatPlan } from "../../print/plan.ts";
import { addVerb } from "../add-verb.ts";
import { type Context, contextOf } from "../context.ts";
import { wholeNumber } from "../option-values.ts";
import { byName, type ComparedFile, compareFile, FILES_AT_ONCE } from "./compare-file.ts";
import { runBacktest } from "./run-backtest.ts";

const HOURS = 24;
const HOURS_MAX = 720;
const REQUESTS = 1_000_000;
const REQUESTS_MAX = 10_000_000;

interface Options {
  hours: number;
  requestsMax: number;
  exitCode?: boolean;
}

export function addRoutesPlan(routes: Command): void {
  addVerb(
    routes,
    "plan [paths...]",
    "what applying files or folders would change, and what recent requests would have done and cost; changes nothing",
    "routes plan routes --hours 48",
    "routes plan routes --hours 0 --exit-code",
  )
    .option(
      "--hours <number>",
      "how many hours of recorded decisions are run again; 0: none",
      wholeNumber(0, HOURS_MAX),
      HOURS,
    )
    .option(
      "--requests-max <number>",
      "the newest so many requests of each route",
      wholeNumber(1, REQUESTS_MAX),
      REQUESTS,
    )
    .option("--exit-code", `end with ${EXIT.differences} where the files differ from what is in service`)
    .action(async (paths: string[], options: Options, command: Command) => {
      const context = contextOf(command);
      const { api, print, paint } = context;
      const { files, hasFolder } = await readRouteFiles(paths);
      const onServer = byName(await allRoutes(api));
      const compared = await mapAtOnce(files, FILES_AT_ONCE, (file) => compareFile(api, file, onServer));
      for (const file of compared) await backtestOne(context, file, options);
      const planned = compared.map((file) => file.planned);
      const named = new Set(files.map(({ name }) => name));
      const onlyOnServer = hasFolder ? [...onServer.keys()].filter((name) => !named.has(name)) : [];
      print({ routes: planned, onlyOnServer }, () => formatPlan(planned, onlyOnServer, paint));
      if (planned.some(({ problems }) => problems.length > 0)) throw new Ending("", EXIT.problems);
      if (options.exitCode && planned.some(({ change }) => change !== "same")) throw new Ending("", EXIT.differences);
    });
}

async function backtestOne(
  { api, note }: Context,
  { planned, document }: ComparedFile,
  options: Options,
): Promise<void> {
  const { name, change, problems } = planned;
  const { hours, requestsMax } = options;
  if (hours === 0 || problems.length > 0 || change === "new" || planned.lines.length === 0) return;
  note(`${name}: running the requests of the last ${hours} h again ...`);
  planned.backtest = await runBacktest(api, { route: name, document, hours, requestsMax }, ({ requests, total }) =>
    note(`${name}: ${requests} of ${total} requests`),
  );
}
