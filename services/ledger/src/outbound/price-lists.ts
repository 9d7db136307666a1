// The price lists of the catalogue, as the router has deployed them, from KV waybill_config.
import { type NatsConnection, watchBucket } from "@waybill/bus";
import type { PriceEntry } from "@waybill/catalog";
import { formatModelId } from "@waybill/domain";
import { BUCKETS, fromWirePrice, ModelConfig } from "@waybill/wire";

export interface PriceLists {
  /** In the order in which they hold; empty: there is no such model now, or no price of it is known. */
  of(provider: string, model: string): readonly PriceEntry[];
  stop(): void;
}

/** `onChange`: a list was added or became another one. */
export function watchPriceLists(nc: NatsConnection, onChange: () => void): PriceLists {
  const lists = new Map<string, { key: string; entries: readonly PriceEntry[] }>();
  const watch = watchBucket(nc, BUCKETS.config.name, {
    onEntry(key, value) {
      if (!key.startsWith("model.")) return;
      for (const [id, list] of lists) if (list.key === key) lists.delete(id);
      if (!value) return;
      const { provider, model, prices } = ModelConfig.decode(value);
      lists.set(formatModelId({ provider, model }), { key, entries: prices.flatMap(toEntry) });
      onChange();
    },
    onCurrent: onChange,
    // What is known stays: prices are only added to, and an attempt waits as well without them.
    onBroken: () => {},
  });
  return {
    of: (provider, model) => lists.get(formatModelId({ provider, model }))?.entries ?? [],
    stop: () => watch.stop(),
  };
}

function toEntry({ effectiveFromMs, price: wire }: ModelConfig["prices"][number]): PriceEntry[] {
  const price = fromWirePrice(wire);
  return price ? [{ effectiveFromMs: Number(effectiveFromMs), price }] : [];
}
