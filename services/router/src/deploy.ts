// THE OTHER STORY: what the operator's file says and what people have saved -> versions in Postgres -> KV `waybill_config`, where
// every router, ingress and worker sees it. A change puts its own keys there at once; everything is compared at the start, after
// every reconnect and once a minute. When nothing has changed, nothing is written.
import { type Deployment, makeDeployment, type WaybillFile } from "@waybill/catalog";
import type { Client, Pool } from "@waybill/store";
import { routeKey, trialKey } from "./core/config-keys.ts";
import { compileRoute } from "./core/route/compile.ts";
import { SEED_ROUTE_DOCUMENT, SEED_ROUTE_NAME } from "./core/route/seed.ts";
import { type CatalogueKind, inTurn, readDeployed } from "./outbound/catalogue-store.ts";
import { storeFile } from "./outbound/file-store.ts";
import { readPrices } from "./outbound/price-store.ts";
import { hasEverBeen, insertDeployment, insertRoute } from "./outbound/route-changes.ts";
import {
  type RouteHead,
  readAllRouteHeads,
  readRouteHeads,
  readRouteValues,
  TRIALS_MAX,
} from "./outbound/route-entries.ts";
import { readRoute } from "./outbound/route-store.ts";
import { catalogueKey, fingerprintOf, toCatalogueEntries } from "./outbound/to-config-entries.ts";

/** The bucket as far as this replica has been told, and how to change it. */
export interface ConfigBucket {
  /** Key -> fingerprint of its value. */
  readonly present: ReadonlyMap<string, string>;
  /** From now on: resolves when all of this has come back through the bucket and is in the snapshot. */
  expect(changes: Changes): Echo;
  /** Makes the bucket where it is missing. */
  open(): Promise<BucketWriter>;
}

interface BucketWriter {
  put(key: string, value: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Key -> fingerprint; undefined: taken away. */
export type Changes = ReadonlyMap<string, string | undefined>;

export interface Echo {
  seen: Promise<void>;
  /** Nobody waits for it any more. */
  forget(): void;
}

export interface Published {
  put: number;
  removed: number;
  echo: Echo;
}

/** What somebody has changed. */
export interface Changed {
  routes: readonly { id: string; organisationId: string; names: readonly string[] }[];
  catalogue: readonly { kind: CatalogueKind; name: string }[];
}

/** Puts on their way at once. */
const PUTS_MAX = 64;
/** Versions below the newest one that may still stand in the bucket from before a change. */
const LOOK_BACK_MAX = 2 * TRIALS_MAX;
const SEED = { actorId: "", actorName: "seed", reason: "the route an installation begins with" };

/** Stores the file as versions, and the seeded route where the aliases it names exist. Several replicas may do so at once. */
export async function deployFile(pool: Pool, file: WaybillFile, simulatorUrl: string): Promise<Deployment> {
  const deployment = makeDeployment(file, simulatorUrl);
  await inTurn(pool, async (client) => {
    await storeFile(client, deployment);
    await seed(client, deployment);
  });
  return deployment;
}

/** Unless a route of that name has ever existed: what people took away stays away. */
async function seed(client: Client, { aliases, filters }: Deployment): Promise<void> {
  const identity = { organisationId: "", name: SEED_ROUTE_NAME, version: 1 };
  const names = new Set(aliases.map(({ name }) => name));
  const ids = new Set(filters.map(({ id }) => id));
  const known = { hasModel: (name: string) => names.has(name), hasFilter: (id: string) => ids.has(id) };
  if (!compileRoute(identity, SEED_ROUTE_DOCUMENT, known).route) return;
  if (await hasEverBeen(client, "", SEED_ROUTE_NAME)) return;
  const document = JSON.stringify(SEED_ROUTE_DOCUMENT);
  const id = await insertRoute(client, identity, { document, source: undefined }, SEED);
  const route = await readRoute(client, id);
  if (route) await insertDeployment(client, route, 1, SEED);
}

/**
 * Makes the bucket say what Postgres says, with the prices in force at this moment. The lock is held while writing, so that
 * an older state never overwrites a newer one.
 */
export async function publishDeployed(pool: Pool, bucket: ConfigBucket, atMs: number): Promise<Published> {
  return inTurn(pool, async (client) => {
    const catalogue = toCatalogueEntries(await readDeployed(client), await readPrices(client, undefined), atMs);
    const isNew = (key: string, fingerprint: string): boolean => bucket.present.get(key) !== fingerprint;
    const wanted = new Set(catalogue.keys());
    const routes: [string, RouteHead][] = [];
    for await (const page of readAllRouteHeads(client)) {
      for (const [key, head] of page) {
        wanted.add(key);
        if (isNew(key, head.fingerprint)) routes.push([key, head]);
      }
    }
    return publish(client, bucket, {
      catalogue: [...catalogue].filter(([key, value]) => isNew(key, fingerprintOf(key, value))),
      routes,
      gone: [...bucket.present.keys()].filter((key) => !wanted.has(key)),
    });
  });
}

/**
 * The same for what has changed alone, so that its cost does not grow with the number of routes. What is in service is written
 * even where this replica believes it to be there already: another one may have changed it a moment ago.
 */
export async function publishChanged(
  pool: Pool,
  bucket: ConfigBucket,
  changed: Changed,
  atMs: number,
): Promise<Published> {
  return inTurn(pool, async (client) => {
    const keys = new Set(changed.catalogue.map(catalogueKey));
    const rows = await readDeployed(client, namesOf(changed));
    const models = changed.catalogue.filter(({ kind }) => kind === "model").map(({ name }) => name);
    const catalogue = toCatalogueEntries(rows, await readPrices(client, models), atMs);
    const routes = await readRouteHeads(
      client,
      changed.routes.map(({ id }) => id),
    );
    for (const key of await routeKeysOf(client, changed, bucket)) keys.add(key);
    return publish(client, bucket, {
      catalogue: [...catalogue],
      routes: [...routes].filter(([key, head]) => head.deployed || bucket.present.get(key) !== head.fingerprint),
      gone: [...keys].filter((key) => !catalogue.has(key) && !routes.has(key)),
    });
  });
}

function namesOf({ catalogue }: Changed): string[] {
  return catalogue.map(({ kind, name }) => `${kind} ${name}`);
}

/** Where something of these routes may stand. */
async function routeKeysOf(client: Client, { routes }: Changed, { present }: ConfigBucket): Promise<string[]> {
  const keys: string[] = [];
  for (const { id, organisationId, names } of routes) {
    const latest = (await readRoute(client, id))?.latestVersion ?? 0;
    for (const name of names) {
      keys.push(routeKey(organisationId, name));
      for (let version = latest; version > Math.max(0, latest - LOOK_BACK_MAX); version -= 1) {
        const key = trialKey(organisationId, name, version);
        if (present.has(key)) keys.push(key);
      }
    }
  }
  return keys;
}

interface ToWrite {
  catalogue: readonly (readonly [string, Uint8Array])[];
  routes: readonly (readonly [string, RouteHead])[];
  gone: readonly string[];
}

async function publish(client: Client, bucket: ConfigBucket, { catalogue, routes, gone }: ToWrite): Promise<Published> {
  const changes = new Map<string, string | undefined>([
    ...catalogue.map(([key, value]): [string, string] => [key, fingerprintOf(key, value)]),
    ...routes.map(([key, { fingerprint }]): [string, string] => [key, fingerprint]),
    ...gone.map((key): [string, undefined] => [key, undefined]),
  ]);
  const echo = bucket.expect(changes);
  try {
    const writer = await bucket.open();
    const put = ([key, value]: readonly [string, Uint8Array]): Promise<void> => writer.put(key, value);
    await inTurns(catalogue, put);
    for await (const values of readRouteValues(client, routes)) await inTurns(values, put);
    await inTurns(gone, (key) => writer.remove(key));
  } catch (error) {
    echo.forget();
    throw error;
  }
  return { put: catalogue.length + routes.length, removed: gone.length, echo };
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += PUTS_MAX) await Promise.all(items.slice(at, at + PUTS_MAX).map(work));
}
