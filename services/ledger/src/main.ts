// Wiring only.
import { connectBus, serverCaveat } from "@waybill/bus";
import { runService } from "@waybill/service";
import { migrate } from "@waybill/store";
import { migrations, readOwnerUrl, settings } from "./config.ts";
import { answerAboutSettled } from "./inbound/answer-about-settled.ts";
import { answerAboutSuspense } from "./inbound/answer-about-suspense.ts";
import type { Intake } from "./inbound/consume.ts";
import { followBooks } from "./inbound/follow-books.ts";
import { serveGrpc } from "./inbound/serve-grpc.ts";
import { startDecisions } from "./inbound/start-decisions.ts";
import { startIntake } from "./inbound/start-intake.ts";
import { type Pricing, startPricing } from "./inbound/start-pricing.ts";
import { tendMonths } from "./inbound/tend-months.ts";
import { openPools } from "./outbound/open-pools.ts";
import { openQuestions } from "./outbound/open-questions.ts";
import { postgresCheckpoints } from "./outbound/postgres-checkpoints.ts";
import { postgresDecisions } from "./outbound/postgres-decisions.ts";
import { postgresMonths } from "./outbound/postgres-months.ts";
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

    const pools = openPools(config, scope);
    const database = watchDatabase(pools.books, migrations, { postgres, schema });
    onStop("database watch", () => database.stop());

    const decisions = postgresDecisions(pools.requests);
    const checkpoints = postgresCheckpoints(pools.months);
    const months = postgresMonths(pools.months, checkpoints);
    let pricing: Pricing | undefined;
    await serveGrpc(config, scope, {
      ...{ decisions, months, ...openQuestions(pools) },
      suspense: answerAboutSuspense(pools.months, () => pricing, log),
      settled: answerAboutSettled(pools.months, () => pricing, log),
    });

    const intakes: Intake[] = [];
    const nc = await connectBus({
      url: config.NATS_URL,
      user: config.NATS_USER,
      password: config.NATS_PASSWORD.reveal(),
      service: "ledger",
      name: serviceId,
      onConnected: (isConnected) => {
        connected.set(isConnected, "the connection is lost; trying again");
        if (isConnected) for (const intake of intakes) void intake.begin();
      },
      onProblem: (detail) => log.warn({ detail }, "nats"),
    });
    onStop("nats", () => nc.drain());
    connected.set(true);
    const caveat = serverCaveat(nc);
    if (caveat !== undefined) log.warn(caveat);

    await database.ready;
    tendMonths(config, scope, pools.months, { checkpoints, months });
    pricing = startPricing(nc, pools.months, scope);
    const usage = startIntake({ config, scope, nc, pool: pools.books, consuming });
    intakes.push(usage, startDecisions(config, scope, nc, decisions));
    const isBehind = (): boolean => usage.inHand >= config.WAYBILL_LEDGER_BATCH_RECORDS_MAX;
    followBooks({ config, scope, nc, pool: pools.events, isBehind });
  },
});
