// The content filters that are deployed, from the values of KV waybill_config, and which of them one request has to pass.
import {
  compileFilter,
  FILTER_ACTIONS,
  FILTER_PLACES,
  type FilterAction,
  type FilterPlace,
  type FilterWebhook,
  type Found,
  type Rule,
} from "@waybill/filters";
import { FilterConfig } from "@waybill/wire";

/** What one request's texts are looked at with, in one place. */
export interface FilterSet {
  rules: readonly Rule[];
  /** What is found where a filter cannot do its work: each filter's answer to that. */
  unchecked: readonly Found[];
  /** Filters that could not even be made ready: found before anything is looked at. */
  unready: readonly Found[];
  /** Asked once about all texts, after the rules. */
  webhooks: readonly Webhook[];
  /** Equal for sets that do the same. */
  identity: readonly string[];
}

/** A webhook of one filter. */
export interface Webhook extends FilterWebhook {
  filter: string;
  action: FilterAction;
  /** What is found where it gives no answer. */
  unchecked: Found;
}

interface ReadyFilter {
  id: string;
  where: readonly FilterPlace[];
  always: boolean;
  rules: readonly Rule[];
  webhooks: readonly Webhook[];
  unchecked: Found;
  /** False: this program does not know how; another version has deployed it. */
  isReady: boolean;
  /** All that is said of it. */
  identity: string;
}

const KEY_PREFIX = "filter.";

export class ContentFilters {
  /** By the key in the bucket. */
  readonly #filters = new Map<string, ReadyFilter>();

  /** Takes what stands under `key` now; undefined: nothing. */
  put(key: string, value: Uint8Array | undefined): void {
    if (!key.startsWith(KEY_PREFIX)) return;
    if (value) this.#filters.set(key, makeReady(FilterConfig.decode(value), value));
    else this.#filters.delete(key);
  }

  /**
   * Those that apply to every request and those that a route names, in the order of their ids. A name that means nothing here
   * blocks: nobody can say what it would have found. Undefined: none.
   */
  select(where: FilterPlace, named: readonly string[]): FilterSet | undefined {
    const names = new Set(named);
    const selected: ReadyFilter[] = [];
    for (const filter of this.#filters.values()) {
      const isNamed = names.delete(filter.id);
      if ((isNamed || filter.always) && filter.where.includes(where)) selected.push(filter);
    }
    // What is missing is said once, of the input.
    const missing = where === "input" ? [...names] : [];
    if (selected.length === 0 && missing.length === 0) return undefined;
    selected.sort((a, b) => (a.id < b.id ? -1 : 1));
    return {
      rules: selected.flatMap(({ rules }) => rules),
      webhooks: selected.flatMap(({ webhooks }) => webhooks),
      unchecked: selected.map(({ unchecked }) => unchecked),
      identity: [...selected.map(({ identity }) => identity), ...missing],
      unready: [
        ...selected.filter(({ isReady }) => !isReady).map(({ unchecked }) => unchecked),
        ...missing.map((filter): Found => ({ filter, kind: "missing", action: "block" })),
      ],
    };
  }
}

function makeReady(config: FilterConfig, value: Uint8Array): ReadyFilter {
  const identity = Buffer.from(value).toString("base64");
  const { id, always, webhook } = config;
  const action = FILTER_ACTIONS.find((each) => each === config.action);
  const where = FILTER_PLACES.filter((place) => config.where.includes(place));
  const onError = config.onError === "open" ? "open" : "closed";
  // What only looks lets pass what it could not look at.
  const passes = onError === "open" || action === "flag";
  const unchecked: Found = { filter: id, kind: "unchecked", action: passes ? "flag" : "block" };
  const compiled = action && compileFilter({ ...config, action, where, onError });
  const isReady = compiled?.problems.length === 0 && where.length === config.where.length;
  if (!action || !isReady) {
    return { ...{ id, always, unchecked, identity, isReady: false, rules: [], webhooks: [] }, where: FILTER_PLACES };
  }
  const webhooks = webhook ? [{ ...webhook, filter: id, action, unchecked }] : [];
  return { id, always, unchecked, identity, isReady, where, rules: compiled.rules, webhooks };
}
