// Which script a call gets: the one in its body, else its model's, else the default. A list of scripts is taken one by
// one by the calls of the same request, so that "the first attempt fails, the second works" is one setting.

import type { Script, Scripts } from "./script.ts";

/** Requests whose calls are counted at the same time; beyond it the oldest is forgotten. */
const REQUESTS_MAX = 10_000;

export class ScriptShelf {
  #default: Scripts = {};
  readonly #models = new Map<string, Scripts>();
  readonly #callsOfRequest = new Map<string, number>();

  setDefault(scripts: Scripts): void {
    this.#default = scripts;
  }

  setForModel(model: string, scripts: Scripts): void {
    this.#models.set(model, scripts);
  }

  clear(): void {
    this.#default = {};
    this.#models.clear();
    this.#callsOfRequest.clear();
  }

  /** `requestKey` names the request across its calls: its id header, or its body's hash; asked only where it counts. */
  pick(model: string, inBody: Scripts | undefined, requestKey: () => string): Script {
    const scripts = inBody ?? this.#models.get(model) ?? this.#default;
    if (!isList(scripts)) return scripts;
    const key = inBody === undefined ? `${model} ${requestKey()}` : requestKey();
    const calls = this.#callsOfRequest.get(key) ?? 0;
    this.#callsOfRequest.set(key, calls + 1);
    if (this.#callsOfRequest.size > REQUESTS_MAX) {
      const oldest = this.#callsOfRequest.keys().next();
      if (!oldest.done) this.#callsOfRequest.delete(oldest.value);
    }
    return scripts[Math.min(calls, scripts.length - 1)] ?? {};
  }
}

function isList(scripts: Scripts): scripts is readonly Script[] {
  return Array.isArray(scripts);
}
