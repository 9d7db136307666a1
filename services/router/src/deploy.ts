// THE OTHER STORY: what the operator's file says -> versions in Postgres -> KV `waybill_config`, where every router, ingress and
// worker sees it. Run at the start, after every reconnect and once a minute; when nothing has changed, nothing is written.
import { type Deployment, makeDeployment, type WaybillFile } from "@waybill/catalog";
import { type Client, type Pool, transact } from "@waybill/store";
import { compileRoute } from "./core/route/compile.ts";
import { SEED_ROUTE_DOCUMENT, SEED_ROUTE_NAME } from "./core/route/seed.ts";
import { lockRouting, readDeployed, readPrices, seedRoute, storeDeployment } from "./outbound/route-store.ts";
import { toConfigEntries } from "./outbound/to-config-entries.ts";

/** The bucket as far as this replica has been told, and how to change it. */
export interface ConfigBucket {
  readonly present: ReadonlyMap<string, Uint8Array>;
  /** Makes the bucket where it is missing. */
  open(): Promise<{ put(key: string, value: Uint8Array): Promise<void>; remove(key: string): Promise<void> }>;
}

export interface Published {
  put: number;
  removed: number;
  /** All that stands there now. */
  entries: ReadonlyMap<string, Uint8Array>;
}

/** Stores the file as versions, and the seeded route where the aliases it names exist. Several replicas may do so at once. */
export async function deployFile(pool: Pool, file: WaybillFile, simulatorUrl: string): Promise<Deployment> {
  const deployment = makeDeployment(file, simulatorUrl);
  await transact(pool, async (client) => {
    await lockRouting(client);
    await storeDeployment(client, deployment);
    await seed(client, deployment);
  });
  return deployment;
}

async function seed(client: Client, { aliases }: Deployment): Promise<void> {
  const names = new Set(aliases.map(({ name }) => name));
  const { route } = compileRoute(SEED_ROUTE_NAME, 1, SEED_ROUTE_DOCUMENT, (model) => names.has(model));
  if (route) await seedRoute(client, SEED_ROUTE_NAME, SEED_ROUTE_DOCUMENT);
}

/**
 * Makes the bucket say what Postgres says, with the prices in force at this moment. The lock is held while writing, so that
 * an older state never overwrites a newer one.
 */
export async function publishDeployed(pool: Pool, bucket: ConfigBucket, atMs: number): Promise<Published> {
  return transact(pool, async (client) => {
    await lockRouting(client);
    const wanted = toConfigEntries(await readDeployed(client), await readPrices(client), atMs);
    const published = { put: 0, removed: 0, entries: wanted };
    const writer = await bucket.open();
    for (const [key, value] of wanted) {
      const there = bucket.present.get(key);
      if (there && Buffer.compare(there, value) === 0) continue;
      await writer.put(key, value);
      published.put += 1;
    }
    for (const key of [...bucket.present.keys()]) {
      if (wanted.has(key)) continue;
      await writer.remove(key);
      published.removed += 1;
    }
    return published;
  });
}
