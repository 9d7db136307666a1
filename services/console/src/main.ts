// The admin API, wired. Who may do what stands in administer.ts; every endpoint in inbound/.
import { type ConfigOf, systemClock as clock, makeUuidV7, runService, type ServiceScope } from "@waybill/service";
import { makeAdminister } from "./administer.ts";
import { settings } from "./config.ts";
import { allEndpoints } from "./inbound/endpoints.ts";
import { serveHttp } from "./inbound/http.ts";
import { reportAnswers } from "./inbound/report-answers.ts";
import { connectOwners } from "./outbound/connect-owners.ts";
import { makeKnownKeys } from "./outbound/known-keys.ts";
import { watchAccounts } from "./outbound/watch-accounts.ts";

async function start(config: ConfigOf<typeof settings>, scope: ServiceScope): Promise<void> {
  const { log, onStop } = scope;
  const owners = connectOwners(config, scope);
  watchAccounts(owners.accounts, scope);
  const { monotonicMs } = clock;
  const known = makeKnownKeys(owners.accounts, { ageMsMax: config.WAYBILL_ADMIN_KEY_CACHE_MS, monotonicMs });
  const http = await serveHttp(config, {
    endpoints: allEndpoints(owners, clock, config.WAYBILL_IMPORT_BYTES_MAX),
    administer: makeAdminister({ ...known, clock }),
    makeId: makeUuidV7,
    monotonicMs,
    onAnswer: reportAnswers(scope),
    onError: (error, requestId) => log.error({ err: error, request_id: requestId }, "an admin request failed"),
  });
  log.info({ port: http.port }, "listening");
  onStop("http", () => http.close());
}

await runService({ name: "console", settings, start });
