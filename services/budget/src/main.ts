// Promises money before it is spent, and settles it afterwards. Wiring only; the stories stand in grant-credit.ts,
// place-hold.ts and settle-usage.ts.
import { type ConfigOf, makeFailpoint, runService, type ServiceScope } from "@waybill/service";
import { migrate } from "@waybill/store";
import { migrations, readNewAdminKey, readOwnerUrl, settings } from "./config.ts";
import { followBus } from "./inbound/follow-bus.ts";
import { followSpend } from "./inbound/follow-spend.ts";
import { followUsage } from "./inbound/follow-usage.ts";
import { serveRouters } from "./inbound/serve-routers.ts";
import { makeBudgetBus } from "./outbound/budget-bus.ts";
import { makeAdminKey } from "./outbound/make-admin-key.ts";
import { makeWriter } from "./outbound/make-writer.ts";
import { measure } from "./outbound/measure.ts";
import { openDatabase } from "./outbound/open-database.ts";
import { seedDemo } from "./outbound/seed-demo.ts";

async function start(config: ConfigOf<typeof settings>, scope: ServiceScope): Promise<void> {
  const failpoint = makeFailpoint(config.WAYBILL_FAILPOINT);
  const bus = makeBudgetBus(config, scope);
  const { pool, database } = openDatabase(config, scope);
  const isDatabaseReady = (): boolean => database.isReady;
  let openSessions = (): number => 0;
  const measures = measure(scope.metrics, {
    waitingOperations: () => writer.waiting,
    sessions: () => openSessions(),
  });
  const writer = makeWriter({
    pool,
    batchMax: config.WAYBILL_BUDGET_BATCH_OPERATIONS_MAX,
    waitingMax: config.WAYBILL_BUDGET_WAITING_OPERATIONS_MAX,
    failpoint,
    measures,
    log: scope.log,
  });
  scope.onStop("writer", (limitMs) => writer.stop(limitMs));
  // Routers are served with or without NATS: grants and holds need only Postgres.
  ({ openSessions } = await serveRouters(config, scope, { pool, writer, bus, measures, isDatabaseReady }));
  const spending = { pool, measures, isDatabaseReady, failpoint };
  const { tellBus } = followSpend(config, scope, spending);
  followUsage(config, scope, spending);
  let onBack = (): void => {};
  const nc = await bus.connect(() => onBack());
  tellBus(nc);
  ({ onBack } = followBus(config, scope, { nc, pool, writer, measures, isDatabaseReady, failpoint }));
}

await runService({
  name: "budget",
  settings,
  start,
  commands: {
    "--migrate": async () => {
      const applied = await migrate(readOwnerUrl(), migrations);
      process.stdout.write(`budget: ${applied.length === 0 ? "the schema is up to date" : applied.join(", ")}\n`);
    },
    "--seed-demo": async () => {
      const keys = await seedDemo(readOwnerUrl());
      process.stdout.write(`${JSON.stringify({ keys })}\n`);
    },
    "--make-admin-key": async () => {
      const { ownerUrl, key } = readNewAdminKey();
      process.stdout.write(`${await makeAdminKey(ownerUrl, key)}\n`);
    },
  },
});
