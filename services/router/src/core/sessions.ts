// Which model a session is at, as far as this process knows: best effort, bounded, forgotten half an hour after its last
// decision.

const LIFE_MS = 30 * 60_000;
const SESSIONS_MAX = 100_000;

interface Session {
  model: string;
  untilMs: number;
}

export class Sessions {
  /** In the order of their last use, so that the first is the one to forget. */
  readonly #byKey = new Map<string, Session>();

  /** The model the session is at, as <provider>/<model>; empty: none. */
  at(key: string, monotonicMs: number): string {
    const session = this.#byKey.get(key);
    if (!session) return "";
    if (session.untilMs > monotonicMs) return session.model;
    this.#byKey.delete(key);
    return "";
  }

  moved(key: string, model: string, monotonicMs: number): void {
    this.#byKey.delete(key);
    this.#byKey.set(key, { model, untilMs: monotonicMs + LIFE_MS });
    if (this.#byKey.size <= SESSIONS_MAX) return;
    for (const oldest of this.#byKey.keys()) {
      this.#byKey.delete(oldest);
      return;
    }
  }

  /** The model failed the session: it is not what the next request should begin with. */
  left(key: string, model: string): void {
    if (this.#byKey.get(key)?.model === model) this.#byKey.delete(key);
  }
}
