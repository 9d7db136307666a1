// Stores for kept answers, opened when they are first needed and anew after a failure: a server that lost its memory has lost them,
// too.
import type { NatsConnection } from "@waybill/bus";
import { WaybillError } from "@waybill/domain";

export interface KeptStoresOptions {
  control: NatsConnection;
  isConnected(): boolean;
  storage: "memory" | "file";
}

export class KeptStores<S> {
  readonly #options: KeptStoresOptions;
  readonly #open: (control: NatsConnection, storage: "memory" | "file") => Promise<S>;
  #opened: Promise<S> | undefined;

  constructor(options: KeptStoresOptions, open: (control: NatsConnection, storage: "memory" | "file") => Promise<S>) {
    this.#options = options;
    this.#open = open;
  }

  /** Throws WaybillError bus_unavailable where the store cannot be reached or has no room, and whatever WaybillError `work` throws. */
  async use<T>(work: (stores: S) => Promise<T>): Promise<T> {
    const { control, isConnected, storage } = this.#options;
    if (!isConnected()) throw new WaybillError("bus_unavailable");
    try {
      this.#opened ??= this.#open(control, storage);
      return await work(await this.#opened);
    } catch (error) {
      if (error instanceof WaybillError) throw error;
      this.#opened = undefined;
      throw new WaybillError("bus_unavailable", { detail: "answers cannot be kept", cause: error });
    }
  }
}
