// What happens within one turn of the event loop goes out together: answers of many providers are read in one turn, and one
// write to NATS for all of them costs a fraction of one for each. The delay is the rest of the turn.

export class Turn {
  #end: Promise<void> | undefined;

  /** Resolves at the end of this turn, for everybody who asked in it. */
  end(): Promise<void> {
    this.#end ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#end = undefined;
        resolve();
      });
    });
    return this.#end;
  }
}
