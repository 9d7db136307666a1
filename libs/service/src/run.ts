// What every process is made of: read the configuration, start in order, wait for a signal, drain, stop in reverse.
import { hostname } from "node:os";
import type { commonSettings } from "./common-settings.ts";
import { ConfigError, type ConfigOf, readConfig, type Settings } from "./config.ts";
import { Health } from "./health.ts";
import { type Log, makeLog } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { makeUuidV7 } from "./system-clock.ts";
import { startTracing, type Tracing } from "./trace.ts";

/** What a service is given besides its configuration. */
export interface ServiceScope {
  /** Unique among running processes: WAYBILL_SERVICE_ID or made up; letters, digits and dashes. */
  readonly serviceId: string;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /**
   * Registers what to do when stopping; called in reverse order, one after the other. Register on the line after
   * a resource is opened. What drains honours `limitMs` itself; what does not return in time is left behind.
   */
  onStop(name: string, stop: (limitMs: number) => Promise<void> | void): void;
  /** Ends the process in order, as if a signal had come; for failures that nothing here can repair. */
  fail(error: unknown): void;
}

export interface ServiceDefinition<S extends Settings & typeof commonSettings> {
  name: string;
  settings: S;
  start(config: ConfigOf<S>, scope: ServiceScope): Promise<void>;
  /** Further one-shot commands, e.g. `--migrate`; each has settings of its own. */
  commands?: Record<`--${string}`, () => Promise<void>>;
}

/** Time beyond the drain limit for closing connections. */
const CLOSE_LIMIT_MS = 5_000;

/** Runs a service until a signal ends it. The only thing a main.ts calls. */
export async function runService<S extends Settings & typeof commonSettings>(
  definition: ServiceDefinition<S>,
): Promise<void> {
  const flag = process.argv[2];
  const command = flag === undefined ? undefined : definition.commands?.[flag as `--${string}`];
  try {
    if (command) {
      await command();
      return;
    }
    if (flag !== undefined && flag !== "--check") throw usage(definition, flag);
    const config = readConfig(definition.settings, process.env);
    if (flag === "--check") {
      process.stdout.write(`${definition.name}: the configuration is valid\n`);
      return;
    }
    await serve(definition, config);
  } catch (error) {
    const shown = error instanceof ConfigError || flag !== undefined ? describe(error) : error;
    process.stderr.write(`${definition.name}: ${shown instanceof Error ? (shown.stack ?? shown.message) : shown}\n`);
    process.exitCode = 1;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function usage<S extends Settings & typeof commonSettings>(definition: ServiceDefinition<S>, flag: string): Error {
  const known = ["--check", ...Object.keys(definition.commands ?? {})].join(", ");
  return new Error(`unknown option ${flag}; there is ${known}, or none to serve`);
}

async function serve<S extends Settings & typeof commonSettings>(
  definition: ServiceDefinition<S>,
  config: ConfigOf<S>,
): Promise<void> {
  const common = config as ConfigOf<typeof commonSettings>;
  const serviceId =
    common.WAYBILL_SERVICE_ID ||
    `${definition.name}-${hostname().replace(/[^A-Za-z0-9]/g, "-")}-${makeUuidV7().slice(-12)}`;
  const log = makeLog(definition.name, serviceId, common.WAYBILL_LOG_LEVEL);
  const metrics = new Metrics();
  const health = new Health();
  const tracing = await startTracing(
    definition.name,
    common.OTEL_EXPORTER_OTLP_ENDPOINT,
    common.WAYBILL_TRACE_SAMPLE_PERCENT,
  );
  const stops: { name: string; stop: (limitMs: number) => Promise<void> | void }[] = [];
  const ended = endOfService(log);
  const scope: ServiceScope = {
    serviceId,
    log,
    health,
    metrics,
    tracing,
    onStop: (name, stop) => void stops.push({ name, stop }),
    fail: ended.fail,
  };
  // Before start() has named what it waits for, nothing else would stand between this process and "ready".
  const startCondition = health.condition("start", "still starting");
  const healthPort = await health.listen(common.WAYBILL_HEALTH_PORT, metrics);
  log.info({ health_port: healthPort, pid: process.pid }, "starting");
  try {
    // A start may wait for ever (NATS is not up yet); a signal must end it all the same.
    const started = definition.start(config, scope).then(() => {
      startCondition.set(true);
      log.info("started");
    });
    await Promise.race([started, ended.happened]);
    await ended.happened;
  } catch (error) {
    log.error({ err: error }, "failed");
    process.exitCode = 1;
  }
  health.drain();
  await stopInReverse(stops, common.WAYBILL_DRAIN_LIMIT_MS, log);
  await Promise.allSettled([health.stop(), metrics.stop(), tracing.stop()]);
  log.info("stopped");
  log.flush();
  // Whatever a library still holds open must not keep a stopped service alive.
  setTimeout(() => process.exit(), 250).unref();
}

/** Resolves at the first signal or failure; a second signal ends the process at once. */
function endOfService(log: Log): { happened: Promise<void>; fail(error: unknown): void } {
  let end: () => void = () => {};
  const happened = new Promise<void>((resolve) => {
    end = resolve;
  });
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals > 1) process.exit(1);
    log.info({ signal }, "stopping");
    end();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  const fail = (error: unknown): void => {
    log.error({ err: error }, "failed");
    process.exitCode = 1;
    end();
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  return { happened, fail };
}

async function stopInReverse(
  stops: { name: string; stop: (limitMs: number) => Promise<void> | void }[],
  drainLimitMs: number,
  log: Log,
): Promise<void> {
  const endsAt = performance.now() + drainLimitMs;
  for (const { name, stop } of stops.reverse()) {
    const limitMs = Math.max(0, endsAt - performance.now());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), limitMs + CLOSE_LIMIT_MS);
    });
    try {
      const outcome = await Promise.race([Promise.resolve(stop(limitMs)), late]);
      if (outcome === "late") log.warn({ resource: name }, "did not stop in time; left behind");
    } catch (error) {
      log.warn({ err: error, resource: name }, "failed to stop");
    } finally {
      clearTimeout(timer);
    }
  }
}
