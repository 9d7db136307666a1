// simulate cost: what a month would cost on other models, on traffic that is described or on what was recorded.
import type { Command } from "commander";
import type { SimulatedCost } from "../../api/simulations.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { readText } from "../../files/route-files.ts";
import { formatSimulation } from "../../print/simulation.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { wholeNumber } from "../option-values.ts";
import { collectReplacement, collectSelection, type Selection } from "./selections.ts";

interface Options {
  file?: string;
  requestsPerDay?: number;
  requestsPerMonth?: number;
  inputTokens: number;
  outputTokens: number;
  cachedInputShare?: string;
  baseline?: Selection[];
  proposal?: Selection[];
  recorded?: number;
  team?: string;
  route?: string;
  simulated?: true;
  replace?: Selection[];
  keptAnswerShare?: string;
  daysPerMonth: number;
}

const REQUESTS_MAX = 1_000_000_000_000;
const TOKENS_MAX = 100_000_000;
const requests = wholeNumber(1, REQUESTS_MAX);
const tokens = wholeNumber(0, TOKENS_MAX);

export function addSimulateCost(simulate: Command): void {
  addVerb(
    simulate,
    "cost",
    "what a month would cost on other models, at the prices in force now",
    "simulate cost --requests-per-day 50000 --input-tokens 1000 --output-tokens 500 --baseline openai/gpt-4o --proposal openai/gpt-4o=0.3 --proposal openai/gpt-4o-mini=0.7",
    "simulate cost --recorded 30 --team support --replace openai/gpt-4o=openai/gpt-4o-mini",
    "simulate cost --file simulation.json",
  )
    .option("--requests-per-day <number>", "traffic that is described", requests)
    .option("--requests-per-month <number>", "the same by the month", requests)
    .option("--input-tokens <number>", "of one request", tokens, 1_000)
    .option("--output-tokens <number>", "of one request", tokens, 300)
    .option("--baseline <model[=share]>", "what serves it now; repeat for more", collectSelection)
    .option("--proposal <model[=share]>", "what would; repeat for more", collectSelection)
    .option("--recorded <days>", "the traffic of the last days instead", wholeNumber(1, 366))
    .option("--team <id>", "of what was recorded, only this team's")
    .option("--route <name>", "only this route's")
    .option("--simulated", "what the simulator answered, instead of what costs money")
    .option("--replace <recorded=model[=share]>", "of what was recorded; repeat for more", collectReplacement)
    .option("--cached-input-share <share>", "of the input, read from the provider's cache, like 0.25 or 1/3")
    .option("--kept-answer-share <share>", "of the calls, answered from the gateway's own cache in the proposal")
    .option("--days-per-month <number>", "", wholeNumber(1, 31), 30)
    .option("--file <path>", "a question as the API takes it, with tiers of users, as JSON")
    .action(async (options: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const question = options.file === undefined ? questionOf(options) : await readQuestion(options.file);
      const found = await api.post<SimulatedCost>("/simulations", question);
      print(found, () => formatSimulation(found));
    });
}

async function readQuestion(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Ending(`${path} is not JSON: ${error instanceof Error ? error.message : error}`, EXIT.usage);
  }
}

function questionOf(options: Options): unknown {
  const { recorded, team, route, simulated, replace = [], proposal = [], baseline, daysPerMonth } = options;
  const { cachedInputShare, keptAnswerShare, requestsPerDay, requestsPerMonth, inputTokens, outputTokens } = options;
  const models = [...replace, ...proposal];
  const kept = keptAnswerShare !== undefined && { keptAnswerShare };
  const before = baseline && { baseline: { models: baseline } };
  if (recorded !== undefined) {
    const only = { ...(team !== undefined && { team }), ...(route !== undefined && { route }) };
    return {
      recorded: { days: recorded, ...only, simulated: simulated ?? false },
      daysPerMonth,
      ...before,
      proposal: { models, ...kept, ...(cachedInputShare !== undefined && { cachedInputShare }) },
    };
  }
  const tier = { name: "all", share: "1", inputTokens, outputTokens };
  const cached = cachedInputShare !== undefined && { cachedInputShare };
  return {
    traffic: {
      ...(requestsPerDay !== undefined && { requestsPerDay }),
      ...(requestsPerMonth !== undefined && { requestsPerMonth }),
      tiers: [{ ...tier, ...cached }],
    },
    daysPerMonth,
    ...before,
    proposal: { models, ...kept },
  };
}
