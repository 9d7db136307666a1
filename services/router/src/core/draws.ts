// Chance for random splits without its unevenness: each split node walks the line from 0 to 1 in steps of the golden ratio, so
// after any number of requests every arm has had its share to within about one request. Where it begins is random.

const GOLDEN = 0.618_033_988_749_894_8;
/** Split nodes beyond this share one sequence. */
const NODES_MAX = 100_000;

export class Draws {
  readonly #byNode = new Map<string, number>();
  readonly #begin: () => number;

  /** `begin` gives a random number from 0 to 1. */
  constructor(begin: () => number) {
    this.#begin = begin;
  }

  /** The next draw of a node, from 0 to 1. `node`: unique over all routes and versions. */
  next(node: string): number {
    const key = this.#byNode.size < NODES_MAX || this.#byNode.has(node) ? node : "";
    const before = this.#byNode.get(key) ?? this.#begin();
    const drawn = (before + GOLDEN) % 1;
    this.#byNode.set(key, drawn);
    return drawn;
  }
}
