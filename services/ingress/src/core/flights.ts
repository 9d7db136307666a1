// One provider call for many who ask the same at the same time: the first goes, the others wait for how it ends.

export class Flights<T> {
  readonly #flying = new Map<string, Promise<T | undefined>>();

  /** How the call that is under way ends; resolves to undefined when it brought nothing. Undefined: none is under way. */
  join(key: string): Promise<T | undefined> | undefined {
    return this.#flying.get(key);
  }

  /**
   * The caller is under way, until it calls what is returned, with what it brought. It can still be joined until `kept`
   * resolves, so that nobody comes between the end of the call and its answer's being found elsewhere.
   */
  begin(key: string): (result: T | undefined, kept?: Promise<void>) => void {
    let land: (result: T | undefined) => void = () => {};
    const flight = new Promise<T | undefined>((resolve) => {
      land = resolve;
    });
    this.#flying.set(key, flight);
    const forget = (): void => {
      if (this.#flying.get(key) === flight) this.#flying.delete(key);
    };
    return (result, kept) => {
      land(result);
      if (kept) void kept.finally(forget);
      else forget();
    };
  }
}
