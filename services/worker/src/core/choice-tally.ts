// Which choices of an answer have begun, and which have said how they finished: one that has says nothing of another.

export class ChoiceTally {
  readonly #begun = new Set<number>();
  readonly #finished = new Set<number>();

  begin(choice: number): void {
    this.#begun.add(choice);
  }

  finish(choice: number): void {
    this.#begun.add(choice);
    this.#finished.add(choice);
  }

  /** A choice that was asked for and never begun is not missed: some servers know only one, whatever they are asked for. */
  get isWhole(): boolean {
    return this.#finished.size > 0 && this.#finished.size === this.#begun.size;
  }
}
