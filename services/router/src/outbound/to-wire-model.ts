// A model as a decision and a journal line carry it: target and price, made once per entry because entries never change.
import { type Price, type Target, toWirePrice } from "@waybill/wire";
import type { ModelEntry } from "../core/snapshot.ts";

interface WireModel {
  target: Target;
  price: Price | undefined;
}

const made = new WeakMap<ModelEntry, WireModel>();

export function toWireModel(entry: ModelEntry): WireModel {
  let wire = made.get(entry);
  if (!wire) {
    const { provider, model, upstreamModel, simulated } = entry;
    wire = { target: { provider, model, upstreamModel, simulated }, price: entry.price && toWirePrice(entry.price) };
    made.set(entry, wire);
  }
  return wire;
}
