// Usage records on their way to USAGE: published until stored, always under the same id; on disk when that does not succeed
// at once. Nothing is given up.
import type { Publisher } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import type { Histogram, Log } from "@waybill/service";
import { HEADERS, subjects, UsageRecord } from "@waybill/wire";
import type { SpooledRecord } from "../core/spool-format.ts";
import type { Booking } from "../ports.ts";
import type { Spool } from "./spool.ts";

/**
 * Not stored within this: it goes to disk, where a crash does not take it. One publish may take as long: asking twice would
 * only double the load of a server that is slow.
 */
const SPOOL_AFTER_MS = 2_000;
/** The reason is the same for all of them while it lasts. */
const WARN_EVERY_MS = 1_000;
const RETRY_MS = 100;
const RETRY_MS_MAX = 1_000;

export interface OutboxOptions {
  publisher: Publisher;
  spool: Spool;
  clock: Clock;
  log: Log;
  isUp(): boolean;
  publishMs: Histogram;
}

export class UsageOutbox {
  readonly #options: OutboxOptions;
  readonly #sending = new Set<Promise<void>>();
  /** Who waits for a record that lies in the spool, by record id. */
  readonly #spooled = new Map<string, () => void>();
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #isClosing = false;
  #draining: Promise<void> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  book(record: UsageRecord, traceparent: string): Booking {
    let onSecured = (): void => {};
    let onStored = (): void => {};
    const secured = new Promise<void>((resolve) => {
      onSecured = resolve;
    });
    const stored = new Promise<void>((resolve) => {
      onStored = resolve;
    });
    const sending = this.#send(record, traceparent, onSecured, onStored).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
    return { secured, stored };
  }

  /** Sends what lies in the spool. Call it when NATS is back, and now and then. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** Resolves when every record is on USAGE or on disk. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#sending);
    await this.#draining;
  }

  async #send(record: UsageRecord, traceparent: string, onSecured: () => void, onStored: () => void): Promise<void> {
    const { clock, log, spool } = this.#options;
    const data = UsageRecord.encode(record).finish();
    let spoolAtMs = clock.monotonicMs() + SPOOL_AFTER_MS;
    for (let retryMs = RETRY_MS; ; retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)) {
      if (await this.#publish(record, data, traceparent)) {
        onSecured();
        onStored();
        return;
      }
      if (clock.monotonicMs() >= spoolAtMs || !this.#options.isUp() || this.#isClosing) {
        try {
          this.#spooled.set(record.recordId, onStored);
          await spool.append({ data, traceparent });
          onSecured();
          return;
        } catch (error) {
          this.#spooled.delete(record.recordId);
          log.error({ err: error, record_id: record.recordId }, "a usage record can be neither sent nor kept on disk");
          // On the way out there is nothing better than one more try to send it.
          spoolAtMs = clock.monotonicMs() + SPOOL_AFTER_MS;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  async #publish(record: UsageRecord, data: Uint8Array, traceparent: string): Promise<boolean> {
    const { isUp, publisher, publishMs, clock, log } = this.#options;
    if (!isUp()) return false;
    const startedAtMs = clock.monotonicMs();
    const outcome = await publisher.publish({
      subject: subjects.usage(record.attribution?.organisationId ?? ""),
      data,
      id: record.recordId,
      timeoutMs: SPOOL_AFTER_MS,
      ...(traceparent !== "" && { headers: { [HEADERS.traceparent]: traceparent } }),
    });
    if (outcome.kind === "stored") {
      publishMs(clock.monotonicMs() - startedAtMs);
      return true;
    }
    const endedAtMs = clock.monotonicMs();
    if (endedAtMs - this.#warnedAtMs >= WARN_EVERY_MS) {
      this.#warnedAtMs = endedAtMs;
      const why = outcome.kind === "full" ? "USAGE is full" : outcome.detail;
      log.warn({ record_id: record.recordId, why, sending: this.#sending.size }, "usage records are not stored yet");
    }
    return false;
  }

  async #drain(): Promise<void> {
    const { spool, log, isUp } = this.#options;
    if (spool.isEmpty || !isUp()) return;
    const before = spool.records;
    try {
      await spool.drain((spooled) => this.#sendSpooled(spooled));
    } catch (error) {
      log.error({ err: error }, "the spool cannot be read");
    }
    log.info({ sent: before - spool.records, left: spool.records }, "sent usage records from the spool");
  }

  async #sendSpooled({ data, traceparent }: SpooledRecord): Promise<boolean> {
    const record = UsageRecord.decode(data);
    if (!(await this.#publish(record, data, traceparent))) return false;
    this.#spooled.get(record.recordId)?.();
    this.#spooled.delete(record.recordId);
    return true;
  }
}
