// A compiled condition of an `if` node.
import type { Facts } from "./facts.ts";

export interface Condition {
  /** Never throws: what is missing or of another type makes it false, as docs/routes.md says. */
  holds(facts: Facts): boolean;
  /** The condition as CEL, whatever it was written in. */
  readonly cel: string;
}

/** Takes a problem with the place inside the condition where it stands. */
export type ReportProblem = (where: string, problem: string) => void;
