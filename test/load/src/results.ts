// Everything one run has found; written to the JSON file as it is.

import type { Books } from "./check-books.ts";
import type { Machine } from "./machine.ts";
import type { Latency } from "./phases/latency.ts";
import type { Saturation } from "./phases/saturation.ts";
import type { StandingStreams } from "./phases/standing-streams.ts";
import type { Streaming } from "./phases/streaming.ts";

export interface Results {
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  /** What was switched on. */
  readonly on: readonly string[];
  readonly saturation: readonly Saturation[];
  readonly latency: readonly Latency[];
  readonly streaming: readonly Streaming[];
  readonly standing: readonly StandingStreams[];
  /** Highest resident memory of each part over the whole run, MiB. */
  readonly peakRssMib: Readonly<Record<string, number>>;
  readonly decideMicroseconds: number | undefined;
  /** Of one router per second of its CPU, over a standing stream: a direct model, twenty nodes with thirty candidates. */
  readonly decisionsPerSecond: readonly number[];
  readonly ledgerRecordsPerSecond: number | undefined;
  /** Of one hot row: exact holds a second, and the decisions a second that its grants cover. Empty: not measured. */
  readonly hotBudget: readonly number[];
  readonly books: Books;
}
