// Wiring only.
import { connectBus, Publisher, serverCaveat } from "@waybill/bus";
import { makeFailpoint, runService, systemClock } from "@waybill/service";
import { migrate, openPool } from "@waybill/store";
import { migrations, readOwnerUrl, settings } from "./config.ts";
import { UsageIntake } from "./inbound/consume.ts";
import { readFact } from "./inbound/read-fact.ts";
import { traceBatch } from "./inbound/trace-batch.ts";
import { watchLag } from "./inbound/watch-lag.ts";
import { measure } from "./measure.ts";
import { parkInDead } from "./outbound/dead-letters.ts";
import { postgresBooks } from "./outbound/postgres-books.ts";
import { recordUsage } from "./record-usage.ts";
import { watchDatabase } from "./watch-database.ts";

await runService({
  name: "ledger",
  settings,
  commands: {
    "--migrate": async () => {
      const applied = await migrate(readOwnerUrl(), migrations);
      process.stdout.write(`ledger: ${applied.length === 0 ? "the schema is up to date" : applied.join(", ")}\n`);
    },
  },
  async start(config, { log, health, metrics, tracing, serviceId, onStop }) {
    const conditions = {
      nats: health.condition("nats"),
      usage: health.condition("usage", "not consuming yet"),
      postgres: health.condition("postgres"),
      schema: health.condition("schema", "not looked at yet"),
    };
    const writers = config.WAYBILL_LEDGER_WRITERS;
    const pool = openPool({
      url: config.DATABASE_URL.reveal(),
      applicationName: serviceId,
      connectionsMax: writers + 1,
      onIdleError: (error) => log.warn({ err: error }, "a database connection broke"),
    });
    onStop("postgres", () => pool.end());
    const database = watchDatabase(pool, migrations, conditions);
    onStop("database watch", () => database.stop());

    let intake: UsageIntake | undefined;
    const nc = await connectBus({
      url: config.NATS_URL,
      user: config.NATS_USER,
      password: config.NATS_PASSWORD.reveal(),
      service: "ledger",
      name: serviceId,
      onConnected: (connected) => {
        conditions.nats.set(connected, "the connection is lost; trying again");
        if (connected) void intake?.begin();
      },
      onProblem: (detail) => log.warn({ detail }, "nats"),
    });
    onStop("nats", () => nc.close());
    conditions.nats.set(true);
    const caveat = serverCaveat(nc);
    if (caveat !== undefined) log.warn(caveat);
    await database.ready;

    const ports = {
      readFact,
      books: postgresBooks(pool),
      park: parkInDead(new Publisher(nc)),
      failpoint: makeFailpoint(config.WAYBILL_FAILPOINT),
      monotonicMs: systemClock.monotonicMs,
    };
    const lag = watchLag(nc);
    onStop("lag watch", () => lag.stop());
    const count = measure(metrics, lag.pending, () => intake?.inHand ?? 0);
    let trouble: string | undefined;
    intake = new UsageIntake({
      nc,
      batchMax: config.WAYBILL_LEDGER_BATCH_RECORDS_MAX,
      gatherMs: config.WAYBILL_LEDGER_GATHER_MS,
      writers,
      record: async (batch) => count(await traceBatch(tracing, batch, () => recordUsage(ports, batch))),
      onConsuming: (problem) => conditions.usage.set(problem === undefined, problem),
      onRecording: (problem) => {
        if (problem !== undefined && problem !== trouble) log.warn({ detail: problem }, "not booked; trying again");
        trouble = problem;
      },
    });
    onStop("usage", (limitMs) => intake?.stop(limitMs));
  },
});
