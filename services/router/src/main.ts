// The router: decides which model serves a request, and holds the money for it.
import { readConfig, runService } from "@waybill/service";
import { migrate } from "@waybill/store";
import { migrations, readOwnerUrl, readWaybillFile, settings } from "./config.ts";
import { startRouter } from "./start-router.ts";

await runService({
  name: "router",
  settings,
  start: startRouter,
  commands: {
    // The operator's file belongs to the configuration.
    "--check": async () => {
      await readWaybillFile(readConfig(settings, process.env).WAYBILL_CONFIG);
      process.stdout.write("router: the configuration is valid\n");
    },
    "--migrate": async () => {
      const applied = await migrate(readOwnerUrl(), migrations);
      process.stdout.write(`router: ${applied.length === 0 ? "the schema is up to date" : applied.join(", ")}\n`);
    },
  },
});
