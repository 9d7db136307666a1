// The two buckets behind Idempotency-Keys, opened when they are first needed and anew after a failure: a server that lost its memory
// has lost them, too.
import {
  type NatsConnection,
  openPassingObjects,
  openPassingRecords,
  type PassingObjects,
  type PassingRecords,
} from "@waybill/bus";
import { WaybillError } from "@waybill/domain";
import { OBJECT_BUCKETS, PASSING_BUCKETS } from "@waybill/wire";

export interface Stores {
  records: PassingRecords;
  answers: PassingObjects;
}

export interface KeptStoresOptions {
  control: NatsConnection;
  isConnected(): boolean;
  storage: "memory" | "file";
}

export class KeptStores {
  readonly #options: KeptStoresOptions;
  #opened: Promise<Stores> | undefined;

  constructor(options: KeptStoresOptions) {
    this.#options = options;
  }

  /** Throws WaybillError bus_unavailable where the store cannot be reached or has no room, and whatever WaybillError `work` throws. */
  async use<T>(work: (stores: Stores) => Promise<T>): Promise<T> {
    if (!this.#options.isConnected()) throw new WaybillError("bus_unavailable");
    try {
      this.#opened ??= this.#open();
      return await work(await this.#opened);
    } catch (error) {
      if (error instanceof WaybillError) throw error;
      this.#opened = undefined;
      throw new WaybillError("bus_unavailable", { detail: "answers cannot be kept", cause: error });
    }
  }

  async #open(): Promise<Stores> {
    const { control, storage } = this.#options;
    const [records, answers] = await Promise.all([
      openPassingRecords(control, PASSING_BUCKETS.requests, storage),
      openPassingObjects(control, OBJECT_BUCKETS.answers, storage),
    ]);
    return { records, answers };
  }
}
