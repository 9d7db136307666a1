// What is wrong with something that was given, and where.

export interface Problem {
  /** Node of a route, or a model; empty: the whole. */
  node: string;
  field: string;
  problem: string;
}
