// How the command ends; said in --help and in the README.

export const EXIT = {
  done: 0,
  /** It cannot be reached, or it refused. */
  failed: 1,
  usage: 2,
  /** `plan --exit-code`, `budgets verify` or `ledger verify` found differences. */
  differences: 3,
  /** A document has problems. */
  problems: 4,
} as const;

export const EXIT_CODES_HELP = `Exit codes: 0 done | 1 failed: not reached, or refused | 2 wrong usage | 4 a document has problems
            3 plan --exit-code, budgets verify or ledger verify found something`;

/** Ends the command with a sentence and an exit code. Empty: everything has been said. */
export class Ending extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.name = "Ending";
    this.exitCode = exitCode;
  }
}

/** Where something is wrong and what; `path` is the file, `node` and `field` may be empty. */
export interface Problem {
  path?: string;
  node: string;
  field: string;
  problem: string;
}

/** Ends the command with problems; each stands in a line of its own. */
export class ProblemsEnding extends Ending {
  readonly problems: readonly Problem[];
  constructor(message: string, problems: readonly Problem[], exitCode: number = EXIT.problems) {
    super(message, exitCode);
    this.problems = problems;
  }
}
