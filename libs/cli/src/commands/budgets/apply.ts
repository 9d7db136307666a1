// budgets apply: a file becomes what is on the server. Nothing is deleted unless asked.
import type { Command } from "commander";
import { allBudgets, type SavedBudget } from "../../api/budgets.ts";
import { type Api, pathOf } from "../../api/client.ts";
import { Refusal } from "../../api/errors.ts";
import { type Problem, ProblemsEnding } from "../../exit-codes.ts";
import { type FiledBudget, readBudgetsFile } from "../../files/budgets-file.ts";
import { type PlannedBudget, planBudgets, planLines } from "../../files/plan-budgets.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface ApplyOptions {
  file: string;
  reason: string;
  dryRun?: boolean;
  prune?: boolean;
  allowUnreachable?: boolean;
}

export function addBudgetsApply(budgets: Command): void {
  addVerb(
    budgets,
    "apply",
    "make the server's budgets what a file says; doing it twice changes nothing more",
    "budgets apply -f budgets.yaml --dry-run",
    'budgets apply -f budgets.yaml --reason "plan of the quarter"',
  )
    .requiredOption("-f, --file <path>", "YAML or JSON; `waybill budgets export` writes one")
    .option("--reason <text>", "why; stands in the audit log", "")
    .option("--dry-run", "show what would change, and change nothing")
    .option("--prune", "delete budgets that are not in the file, of the organisation that is meant")
    .option("--allow-unreachable", "save budgets although some can never bind")
    .action(async (options: ApplyOptions, command: Command) => {
      const { api, print, note } = contextOf(command);
      const { organisation } = command.optsWithGlobals<{ organisation?: string }>();
      const { prune = false, dryRun = false } = options;
      const filed = await readBudgetsFile(options.file);
      const planned = planBudgets(filed, await allBudgets(api), { prune, organisation });
      const work = new Work(api, filed, planned, options);
      // All or nothing, as far as one can know before: half of a change is nobody's wish.
      const problems = await work.check();
      if (problems.length > 0) throw new ProblemsEnding("nothing was applied: there are problems", problems);
      if (!dryRun) await work.carryOut(note);
      else note("nothing was changed; this is what would be:");
      print({ planned, dryRun }, () => planLines(planned).join("\n") || "nothing to change");
    });
}

interface Save {
  filed: FiledBudget;
  isNew: boolean;
}

class Work {
  readonly #api: Api;
  readonly #options: ApplyOptions;
  readonly #saves: readonly Save[];
  readonly #deletes: string[];

  constructor(api: Api, filed: readonly FiledBudget[], planned: readonly PlannedBudget[], options: ApplyOptions) {
    this.#api = api;
    this.#options = options;
    const changeOf = new Map(planned.map(({ id, change }) => [id, change]));
    this.#saves = filed
      .map((budget) => ({ filed: budget, isNew: changeOf.get(budget.id) === "new" }))
      .filter(({ filed: { id } }) => changeOf.get(id) !== "same");
    this.#deletes = planned.filter(({ change }) => change === "deleted").map(({ id }) => id);
  }

  /** Everything that is wrong with the file's budgets by themselves; which of them bind is known when all of them stand. */
  async check(): Promise<Problem[]> {
    const problems: Problem[] = [];
    for (const save of this.#saves) problems.push(...(await this.#try(save, true)));
    return problems;
  }

  /**
   * One may have to be saved before another can be: a wider budget before what lies in it. So what is refused is tried again for as
   * long as others go through. Throws ProblemsEnding with what is left.
   */
  async carryOut(note: (text: string) => void): Promise<void> {
    const done: string[] = [];
    let left = await this.#round(this.#saves, done);
    for (const id of this.#deletes) {
      await this.#api.delete(pathOf("budgets", id), { reason: this.#options.reason });
      done.push(id);
    }
    for (let before = -1; left.length > 0 && before !== done.length; ) {
      before = done.length;
      left = await this.#round(
        left.map(({ save }) => save),
        done,
      );
    }
    if (left.length === 0) return;
    if (done.length > 0) note(`applied before it failed: ${done.join(", ")}`);
    throw new ProblemsEnding(
      "not everything was applied: there are problems",
      left.flatMap(({ problems }) => problems),
    );
  }

  async #round(saves: readonly Save[], done: string[]): Promise<{ save: Save; problems: Problem[] }[]> {
    const left: { save: Save; problems: Problem[] }[] = [];
    for (const save of saves) {
      const problems = await this.#try(save, false);
      if (problems.length === 0) done.push(save.filed.id);
      else left.push({ save, problems });
    }
    return left;
  }

  /** The problems of one; anything else that goes wrong is thrown. */
  async #try({ filed: { id, fields }, isNew }: Save, dryRun: boolean): Promise<Problem[]> {
    const { reason, allowUnreachable = false, file } = this.#options;
    const body = { ...fields, reason, dryRun, allowUnreachable: allowUnreachable || dryRun };
    try {
      if (isNew) await this.#api.post<SavedBudget>("/budgets", { id, ...body });
      else await this.#api.put<SavedBudget>(pathOf("budgets", id), body);
      return [];
    } catch (error) {
      if (!(error instanceof Refusal) || error.problems.length === 0) throw error;
      return error.problems.map((problem) => ({ ...problem, path: file, node: id }));
    }
  }
}
