// waybill.yaml in the schema `routing`. What it says is made live when it says something else than when it was last read, so
// that what people have changed since stays through every restart.
import { createHash } from "node:crypto";
import type { DeployedModel, Deployment } from "@waybill/catalog";
import { formatModelId } from "@waybill/domain";
import type { Client } from "@waybill/store";
import type { StoredModel } from "../core/model-change.ts";
import type { By } from "./audit-log.ts";
import { type CatalogueKind, deployDocument, readDeployed, type Wanted, withdraw } from "./catalogue-store.ts";
import { storePrices } from "./price-store.ts";

const FILE: By = { actorId: "", actorName: "waybill.yaml", reason: "" };

/** Under the routing lock. What the file no longer names is taken away, whoever has changed it since. */
export async function storeFile(client: Client, deployment: Deployment): Promise<void> {
  const said = await readSaid(client);
  for (const model of deployment.models) {
    if (said.get(`model ${formatModelId(model)}`)?.digest === digestOf(model)) continue;
    await storePrices(client, formatModelId(model), model.prices);
  }
  const named = new Set<string>();
  for (const { wanted, digest } of everyEntry(deployment)) {
    const key = `${wanted.kind} ${wanted.name}`;
    named.add(key);
    if (said.get(key)?.digest === digest) continue;
    await deployDocument(client, wanted, "file", FILE);
    await client.query(
      `INSERT INTO routing.file_entry (kind, name, digest) VALUES ($1, $2, $3)
       ON CONFLICT (kind, name) DO UPDATE SET digest = excluded.digest`,
      [wanted.kind, wanted.name, digest],
    );
  }
  await forgetUnnamed(client, said, named);
  await withdrawWithoutProvider(client);
}

function everyEntry({ providers, models, aliases, filters }: Deployment): { wanted: Wanted; digest: string }[] {
  return [
    ...providers.map((provider) => ({
      wanted: { kind: "provider" as const, name: provider.id, document: provider },
      digest: digestOf(provider),
    })),
    ...models.map((model) => ({
      wanted: { kind: "model" as const, name: formatModelId(model), document: toStoredModel(model) },
      digest: digestOf(model),
    })),
    ...aliases.map((alias) => ({
      wanted: { kind: "alias" as const, name: alias.name, document: alias },
      digest: digestOf(alias),
    })),
    ...filters.map((filter) => ({
      wanted: { kind: "filter" as const, name: filter.id, document: filter },
      digest: digestOf(filter),
    })),
  ];
}

function toStoredModel({ prices, ...rest }: DeployedModel): StoredModel {
  return { ...rest, prices: prices.map(({ price }) => price.version) };
}

function digestOf(entry: object): string {
  const json = JSON.stringify(entry, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
  return createHash("sha256").update(json).digest("hex");
}

interface Said {
  kind: CatalogueKind;
  name: string;
  digest: string;
}

/** By `<kind> <name>`. */
async function readSaid(client: Client): Promise<Map<string, Said>> {
  const { rows } = await client.query<Said>("SELECT kind, name, digest FROM routing.file_entry");
  return new Map(rows.map((row) => [`${row.kind} ${row.name}`, row]));
}

async function forgetUnnamed(
  client: Client,
  said: ReadonlyMap<string, Said>,
  named: ReadonlySet<string>,
): Promise<void> {
  for (const [key, { kind, name }] of said) {
    if (named.has(key)) continue;
    await withdraw(client, kind, name, FILE);
    await client.query("DELETE FROM routing.file_entry WHERE kind = $1 AND name = $2", [kind, name]);
  }
}

/** Models that people have added go with their provider. */
async function withdrawWithoutProvider(client: Client): Promise<void> {
  const deployed = await readDeployed(client);
  const providers = new Set(deployed.flatMap(({ kind, name }) => (kind === "provider" ? [name] : [])));
  for (const row of deployed) {
    if (row.kind !== "model" || providers.has(row.document.provider)) continue;
    await withdraw(client, "model", row.name, { ...FILE, reason: "its provider is gone" });
  }
}
