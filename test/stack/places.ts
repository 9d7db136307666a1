// Every place where something of a request may be left behind: files, tables, pages of metrics, spans. Read whole, to be searched.
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { OtlpCollector } from "./otlp-collector.ts";
import type { TestStack } from "./start-stack.ts";

/** The server's own configuration: the passwords of its users stand there, and only its owner may read it. */
const MEANT_TO_HOLD_SECRETS = /^nats\/store\/server\.conf$/;

/** Name -> bytes. */
export type Places = ReadonlyMap<string, Buffer>;

const SERVICES = ["ingress", "router", "budget", "worker", "ledger", "console"] as const;

/** The stack's own folder (logs, spools), NATS's files, PostgreSQL's files and its tables as text, metrics, and what was traced. */
export async function readPlaces(stack: TestStack, collector: OtlpCollector): Promise<Places> {
  const places = new Map<string, Buffer>();
  await readFolder(stack.folder, "stack", places);
  await readFolder(stack.nats.folder, "nats", places);
  const [row] = await stack.sql<{ data_directory: string }>("SHOW data_directory");
  // What is in memory only is not left behind yet: to the disk with it.
  await stack.sql("CHECKPOINT");
  await readFolder(row?.data_directory ?? "", "postgres", places);
  // Once more as text, for the disk may hold it compressed.
  const tables = await stack.sql<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  for (const { name } of tables) {
    const rows = await stack.sql<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
    places.set(`table ${name}`, Buffer.from(rows.map(({ text }) => text).join("\n")));
  }
  for (const service of SERVICES) {
    for (const [index, process] of stack.of(service).entries()) {
      places.set(`metrics of ${service} ${index}`, Buffer.from(await process.metrics()));
    }
  }
  places.set("traces", Buffer.from(collector.bodies.join("\n")));
  return places;
}

async function readFolder(folder: string, name: string, places: Map<string, Buffer>): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // Files come and go under a running server.
    const bytes = await readFile(path).catch(() => undefined);
    const place = `${name}/${relative(folder, path)}`;
    if (bytes && !MEANT_TO_HOLD_SECRETS.test(place)) places.set(place, bytes);
  }
}

/** Where a text stands, in any of the forms in which bytes are written down. */
export function placesOf(places: Places, text: string): string[] {
  const bytes = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  const forms = new Set([text, json, bytes.toString("hex"), encodeURIComponent(text), ...base64Forms(bytes)]);
  return [...places].filter(([, content]) => [...forms].some((form) => content.includes(form))).map(([place]) => place);
}

/** Base64 of a text inside another one looks different at each of three offsets; its middle is always the same. */
function base64Forms(bytes: Buffer): string[] {
  const BITS = { group: 3, characters: 4 };
  return Array.from({ length: BITS.group }, (_, offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = Math.floor(padded.length / BITS.group) * BITS.group;
    return padded
      .subarray(0, whole)
      .toString("base64")
      .slice(offset === 0 ? 0 : BITS.characters);
  });
}
