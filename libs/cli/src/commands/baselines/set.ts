// baselines set: from a day on, spend is compared with another model, or with nothing.
import { type Command, InvalidArgumentError } from "commander";
import type { Baseline } from "../../api/savings.ts";
import { Ending, EXIT } from "../../exit-codes.ts";
import { baselineText } from "../../print/baseline-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Options {
  costliestCandidate?: true;
  none?: true;
  route?: string;
  from?: string;
  reason: string;
}

export function addBaselinesSet(baselines: Command): void {
  addVerb(
    baselines,
    "set [model]",
    "compare spend with a model from a day on, at its prices as they are known now",
    'baselines set openai/gpt-4o --reason "what we used before"',
    'baselines set --route support --costliest-candidate --reason "agreed with finance"',
    'baselines set --route batch --none --reason "nothing to compare with"',
  )
    .option("--costliest-candidate", "compare with the model of the route that is costliest for each sum")
    .option("--none", "compare with nothing from then on")
    .option("--route <name>", "only this route; without it, all that have none of their own, and `auto`")
    .option("--from <day>", "UTC day, like 2026-12-01; today, unless it is said", day)
    .requiredOption("--reason <text>", "why; stands beside the baseline")
    .action(async (model: string | undefined, options: Options, command: Command) => {
      const { costliestCandidate, none, ...rest } = options;
      if ([model, costliestCandidate, none].filter((choice) => choice !== undefined).length !== 1) {
        throw new Ending("say one of a model, --costliest-candidate and --none", EXIT.usage);
      }
      const kind = costliestCandidate ? "costliest_candidate" : none ? "none" : "model";
      const { api, print } = contextOf(command);
      const declared = await api.post<Baseline>("/baselines", { kind, model, ...rest });
      print(declared, () => `${baselineText(declared)} from ${declared.from} on`);
    });
}

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be like 2026-12-01.");
}
