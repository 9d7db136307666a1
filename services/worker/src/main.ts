// The worker: carries waybills to providers.
import { runService } from "@waybill/service";
import { readKey, settings } from "./config.ts";
import { startWorker } from "./inbound/start-worker.ts";

await runService({
  name: "worker",
  settings,
  start: (config, scope) => startWorker(config, scope, readKey),
});
