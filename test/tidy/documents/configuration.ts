// docs/configuration.md from the settings that every config.ts declares.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { commonSettings, databaseSettings, failpointSettings, natsSettings, type Settings } from "@waybill/service";
import { settings as simulatorSettings } from "../../../libs/simulator/src/config.ts";
import { ROOT } from "../repository.ts";
import { code, GENERATED, readable, table } from "./markdown.ts";

const INTRODUCTION = `# Configuration

Services read environment variables and nothing else. A unit is part of the name. A variable that is empty counts as not set.
\`node services/<name>/dist/main.js --check\` reads everything, reports every problem at once and ends with 0 or 1.
\`npm start\` writes one \`.waybill/<service>.env\` each; \`node --env-file=.waybill/worker.env services/worker/dist/main.js\` starts
one more process with it.

Providers and models stand in \`waybill.yaml\`; \`waybill.example.yaml\` explains every field. A provider with several keys or regions has
\`accounts\` there, each with a variable of its own: [providers](providers.md#several-accounts).`;

/** What `npm start` and the other commands read. A tidy test compares the names with deploy/local/src/config.ts. */
export const LAUNCHER_VARIABLES: readonly (readonly [name: string, fallback: string, meaning: string])[] = [
  ["WAYBILL_PORT_BASE", "8600", "First port; moves every port of the stack (table below)."],
  ["WAYBILL_STATE_DIR", ".waybill", "Data, logs, keys and settings of the stack."],
  ["WAYBILL_CONFIG", "", "Providers and models. Not set: `waybill.yaml` where there is one, else only the simulator."],
  ["WAYBILL_DRAIN_LIMIT_MS", "7000", "How long services finish what they have begun after Ctrl-C."],
  ["WAYBILL_FAULT_SEEDS", "20", "How many seeds `npm run fault` tries each fault with."],
  ["WAYBILL_FAULT_SCALE", "1", "By what `npm run fault` divides the long waits of fault tests; CI takes 10."],
  ["NATS_URL", "", "Use this NATS instead of starting one."],
  ["NATS_USER", "", "With `NATS_URL`: one user for every service (no isolation); not set: one user per service."],
  ["NATS_PASSWORD", "", "Its password."],
  ["DATABASE_URL", "", "Use this PostgreSQL (14 or newer) instead of starting one; the owner's address."],
];

const PORTS: readonly (readonly [offset: string, what: string])[] = [
  ["+0, +1", "gateway and admin API (HTTP)"],
  ["+10, +11, +12", "gRPC of router, budget, ledger"],
  ["+22, +23", "NATS and its monitor"],
  ["+32", "PostgreSQL"],
  ["+40 … +45", "`/livez`, `/readyz`, `/metrics` of ingress, router, budget, worker, ledger, console"],
  ["+50", "simulator"],
];

/** In the order of a request's path. */
const ORDER = ["ingress", "router", "budget", "worker", "ledger", "console"];
const SHARED = { ...commonSettings, ...natsSettings, ...databaseSettings, ...failpointSettings };

/** The settings of every service that has a config.ts. */
export async function loadServiceSettings(): Promise<Map<string, Settings>> {
  const names = readdirSync(join(ROOT, "services")).sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  const found = new Map<string, Settings>();
  for (const name of names) {
    const file = join(ROOT, "services", name, "src/config.ts");
    if (!existsSync(file)) continue;
    const { settings } = (await import(pathToFileURL(file).href)) as { settings: Settings };
    found.set(name, settings);
  }
  return found;
}

export function renderConfiguration(services: ReadonlyMap<string, Settings>): string {
  return [
    GENERATED,
    INTRODUCTION,
    "",
    "## The local stack",
    "",
    "What `npm start`, `npm run reset`, `npm run sql` and `npm test` read. Every other variable that begins with `WAYBILL_` or",
    "`OTEL_` is passed on to the services, and keys of providers to workers only: the usual names (`OPENAI_API_KEY`, …) and",
    "whatever `waybill.yaml` mentions.",
    "",
    table(
      ["variable", "default", "meaning"],
      LAUNCHER_VARIABLES.map(([name, fallback, meaning]) => [code(name), readable(name, fallback), meaning]),
    ),
    "",
    table(["port", "what listens"], PORTS),
    "",
    "## Every service",
    "",
    settingsTable(commonSettings),
    "",
    "Every service but the console is on the bus:",
    "",
    settingsTable(natsSettings),
    "",
    "Services that keep data:",
    "",
    settingsTable(databaseSettings),
    "",
    "Services with points at which fault tests may end them:",
    "",
    settingsTable(failpointSettings),
    ...[...services].flatMap(([name, settings]) => serviceLines(name, settings)),
    "",
    "## simulator",
    "",
    settingsTable(simulatorSettings),
    "",
  ].join("\n");
}

function serviceLines(name: string, settings: Settings): string[] {
  const has = (group: Settings): boolean => Object.keys(group).every((variable) => variable in settings);
  const shared = [
    "what every service has",
    ...(has(databaseSettings) ? ["`DATABASE_URL`"] : []),
    ...(has(failpointSettings) ? ["`WAYBILL_FAILPOINT`"] : []),
  ];
  const own = Object.entries(settings).filter(([variable, setting]) => !isShared(variable, setting));
  return ["", `## ${name}`, "", `Besides ${shared.join(" and ")}:`, "", settingsTable(Object.fromEntries(own))];
}

/** A service that gives a shared name another meaning shows it as its own. */
function isShared(variable: string, setting: Settings[string]): boolean {
  return (SHARED as Settings)[variable] === setting;
}

function settingsTable(settings: Settings): string {
  const rows = Object.entries(settings).map(([name, { fallback, allowed, meaning }]) => [
    code(name),
    fallback === undefined ? "**required**" : readable(name, fallback),
    allowed ?? "text",
    meaning,
  ]);
  return table(["variable", "default", "allowed", "meaning"], rows);
}
