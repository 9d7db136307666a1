// Wiring only.
import { connectBus, serverCaveat } from "@waybill/bus";
import { runService } from "@waybill/service";
import { migrate, openPool } from "@waybill/store";
import { migrations, readOwnerUrl, settings } from "./config.ts";
import type { UsageIntake } from "./inbound/consume.ts";
import { startIntake } from "./inbound/start-intake.ts";
import { watchDatabase } from "./outbound/watch-database.ts";

await runService({
  name: "ledger",
  settings,
  commands: {
    "--migrate": async () => {
      const applied = await migrate(readOwnerUrl(), migrations);
      process.stdout.write(`ledger: ${applied.length === 0 ? "the schema is up to date" : applied.join(", ")}\n`);
    },
  },
  async start(config, scope) {
    const { log, health, serviceId, onStop } = scope;
    const connected = health.condition("nats");
    const consuming = health.condition("usage", "not consuming yet");
    const postgres = health.condition("postgres");
    const schema = health.condition("schema", "not looked at yet");

    const pool = openPool({
      url: config.DATABASE_URL.reveal(),
      applicationName: serviceId,
      // One for each batch in work, one to look whether the database is there.
      connectionsMax: config.WAYBILL_LEDGER_WRITERS + 1,
      onIdleError: (error) => log.warn({ err: error }, "a database connection broke"),
    });
    onStop("postgres", () => pool.end());
    const database = watchDatabase(pool, migrations, { postgres, schema });
    onStop("database watch", () => database.stop());

    let intake: UsageIntake | undefined;
    const nc = await connectBus({
      url: config.NATS_URL,
      user: config.NATS_USER,
      password: config.NATS_PASSWORD.reveal(),
      service: "ledger",
      name: serviceId,
      onConnected: (isConnected) => {
        connected.set(isConnected, "the connection is lost; trying again");
        if (isConnected) void intake?.begin();
      },
      onProblem: (detail) => log.warn({ detail }, "nats"),
    });
    onStop("nats", () => nc.drain());
    connected.set(true);
    const caveat = serverCaveat(nc);
    if (caveat !== undefined) log.warn(caveat);

    await database.ready;
    intake = startIntake({ config, scope, nc, pool, consuming });
  },
});
