// The options of `npm run bench` and the length of everything it does.

import { parseArgs } from "node:util";

export const help = `npm run bench -- [options]   load against the whole stack, beside the provider called directly and the Portkey gateway

  --quick             one short round of everything, about two minutes; without the ledger's and the decision's own benchmarks
  --rate <n>          requests per second of the open loop; default: 30 % of what the slowest of the three can carry
  --seconds <n>       length of each measured piece of a round; default 5 (--quick: 3)
  --concurrency <n>   requests in flight in the closed loop; default 64
  --json <file>       where the results go; default .waybill/bench/<time>.json
  --profile           instead of comparing: load on Waybill alone, and where each service's CPU time goes
  --hold              instead of comparing: bodies of 1 to 400 KB, many open streams, slow readers and clients that leave
  --clients <n>       of --hold: open streams at the most, slow readers, clients that leave; default 1000
  --help
Everything runs on loopback with a NATS, a Postgres and folders of its own, and is gone at the end.`;

export interface BenchOptions {
  readonly quick: boolean;
  readonly profile: boolean;
  readonly hold: boolean;
  readonly clients: number;
  readonly jsonFile: string | undefined;
  /** Undefined: derived from what saturation found. */
  readonly ratePerSecond: number | undefined;
  readonly seconds: number;
  readonly concurrency: number;
  /** The longest warm-up of one target. */
  readonly warmUpSecondsMax: number;
  readonly rounds: { readonly saturation: number; readonly latency: number; readonly streams: number };
}

/** Undefined when the help was asked for. Throws with one sentence on options that make no sense. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      hold: { type: "boolean", default: false },
      clients: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
      json: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      concurrency: { type: "string" },
    },
  });
  if (values.help) return undefined;
  const { quick, profile, hold } = values;
  return {
    quick,
    profile,
    hold,
    // A worker of the benchmark carries 1 200 calls.
    clients: wholeNumber("clients", values.clients ?? "1000", 1, 1_000),
    jsonFile: values.json,
    ratePerSecond: values.rate === undefined ? undefined : wholeNumber("rate", values.rate, 1, 20_000),
    seconds: wholeNumber("seconds", values.seconds ?? (quick ? "3" : "5"), 1, 120),
    concurrency: wholeNumber("concurrency", values.concurrency ?? "64", 1, 1_000),
    warmUpSecondsMax: quick ? 8 : 40,
    rounds: quick ? { saturation: 1, latency: 1, streams: 1 } : { saturation: 3, latency: 2, streams: 2 },
  };
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} must be a whole number from ${min} to ${max}, not ${text}`);
}
