// The launcher's settings. The only file here that reads the environment.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { withoutOwnStores } from "./own-stores.ts";
import { PlainError } from "./plain-error.ts";
import { defaultPortBase, portOffsetMax } from "./ports.ts";

const rootDir = fileURLToPath(new URL("../../../", import.meta.url));
/** Ctrl-C allows services 10 s in all; the ingress may use most of it for running streams. */
const defaultDrainLimitMs = 7_000;

/** Which seeds `npm run fault` tries each fault with: a number alone is how many, a list is the seeds themselves. */
export const faultSeedsDefault = "20";
/** By what `npm run fault` divides the long waits of fault tests. */
export const faultScaleDefault = "1";

/** Usual names of provider keys; waybill.yaml may name others. */
const knownProviderKeys = [
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GEMINI_API_KEY",
  "GOOGLE_API_KEY",
  "MISTRAL_API_KEY",
  "GROQ_API_KEY",
  "DEEPSEEK_API_KEY",
  "OPENROUTER_API_KEY",
  "TOGETHER_API_KEY",
  "FIREWORKS_API_KEY",
  "XAI_API_KEY",
] as const;

/** What a process of ours needs from any machine; nothing secret is among them. */
const plainNames = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] as const;
/** Settings of the launcher and the client, which no service has. */
const notForServices = new Set([
  "WAYBILL_PORT_BASE",
  "WAYBILL_STATE_DIR",
  "WAYBILL_URL",
  "WAYBILL_FAULT_SEEDS",
  "WAYBILL_FAULT_SCALE",
]);
const soundsSecret = /KEY|TOKEN|PASSWORD|SECRET/;

export interface LauncherConfig {
  /** The repository. */
  readonly rootDir: string;
  readonly stateDir: string;
  readonly portBase: number;
  /** A NATS that is already there; undefined: start one. */
  readonly natsUrl: string | undefined;
  readonly natsLogin: { readonly user: string; readonly password: string } | undefined;
  /** The owner's address of a database that is already there; undefined: start one. */
  readonly databaseUrl: string | undefined;
  /** Path of waybill.yaml; empty when there is none. */
  readonly configFile: string;
  readonly providerKeys: Readonly<Record<string, string>>;
  readonly drainLimitMs: number;
  /** As test/stack/seeds.ts reads it. */
  readonly faultSeeds: string;
  readonly faultScale: string;
  /** Where programs find things on this machine; every process gets it. */
  readonly plain: Readonly<Record<string, string>>;
  /** Settings for every service. */
  readonly common: Readonly<Record<string, string>>;
}

/** Throws a PlainError that names the first setting that cannot be. */
export function readLauncherConfig(environment: NodeJS.ProcessEnv = process.env): LauncherConfig {
  const configFile = findConfigFile(environment);
  const portBase = wholeNumber(environment, "WAYBILL_PORT_BASE", defaultPortBase, 1_024, 65_535 - portOffsetMax);
  const given = withoutOwnStores(environment, portBase);
  const nats = splitNatsUrl(given);
  return {
    rootDir,
    stateDir: stateDirOf(environment),
    portBase,
    natsUrl: nats?.url,
    natsLogin: nats?.login,
    databaseUrl: databaseUrlOf(given),
    configFile,
    providerKeys: readProviderKeys(environment, configFile),
    drainLimitMs: wholeNumber(environment, "WAYBILL_DRAIN_LIMIT_MS", defaultDrainLimitMs, 0, 3_600_000),
    faultSeeds: faultSeedsOf(environment),
    faultScale: String(wholeNumber(environment, "WAYBILL_FAULT_SCALE", Number(faultScaleDefault), 1, 20)),
    plain: plainEnvironment(environment),
    common: commonSettings(environment),
  };
}

/** For programs that are not ours: nothing but where to find things. */
export function plainEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return pick(environment, (name) => plainNames.some((plain) => plain === name));
}

function stateDirOf(environment: NodeJS.ProcessEnv): string {
  return resolve(rootDir, environment.WAYBILL_STATE_DIR || ".waybill");
}

function faultSeedsOf(environment: NodeJS.ProcessEnv): string {
  const text = environment.WAYBILL_FAULT_SEEDS || faultSeedsDefault;
  if (/^[1-9]\d{0,4}$|^\d+-\d+$|^\d+(-\d+)?(,\d+(-\d+)?)+$/.test(text)) return text;
  throw new PlainError("WAYBILL_FAULT_SEEDS must be how many, such as 20, or the seeds, such as 3,5-9 or 17-17.");
}

function commonSettings(environment: NodeJS.ProcessEnv): Record<string, string> {
  const forServices = (name: string) =>
    (name.startsWith("WAYBILL_") && !notForServices.has(name) && !soundsSecret.test(name)) || name.startsWith("OTEL_");
  return pick(environment, forServices);
}

function findConfigFile(environment: NodeJS.ProcessEnv): string {
  const named = environment.WAYBILL_CONFIG;
  if (named !== undefined && named !== "") {
    const path = resolve(rootDir, named);
    if (!existsSync(path)) throw new PlainError(`WAYBILL_CONFIG names ${path}, which does not exist.`);
    return path;
  }
  const usual = join(rootDir, "waybill.yaml");
  return existsSync(usual) ? usual : "";
}

/** Every variable of the environment that waybill.yaml mentions by name, and the usual ones. */
function readProviderKeys(environment: NodeJS.ProcessEnv, configFile: string): Record<string, string> {
  const text = configFile === "" ? "" : readFileSync(configFile, "utf8");
  const mentioned = new Set<string>(text.match(/\b[A-Z][A-Z0-9_]{2,}\b/g) ?? []);
  const isKey = (name: string) =>
    knownProviderKeys.some((known) => known === name) ||
    (mentioned.has(name) && !name.startsWith("WAYBILL_") && !plainNames.some((plain) => plain === name));
  return pick(environment, isKey);
}

function databaseUrlOf(environment: NodeJS.ProcessEnv): string | undefined {
  const example = "postgres://user:password@host:5432/database, with %40 for an @ in the password and so on";
  const url = storeUrl(environment, "DATABASE_URL", ["postgres:", "postgresql:"], example);
  return url === undefined ? undefined : environment.DATABASE_URL;
}

function splitNatsUrl(environment: NodeJS.ProcessEnv): { url: string; login: LauncherConfig["natsLogin"] } | undefined {
  const url = storeUrl(environment, "NATS_URL", ["nats:", "tls:"], "nats://host:4222");
  if (url === undefined) return undefined;
  const user = decodeURIComponent(url.username) || environment.NATS_USER;
  const password = decodeURIComponent(url.password) || environment.NATS_PASSWORD;
  url.username = "";
  url.password = "";
  return { url: url.href, login: user && password ? { user, password } : undefined };
}

/** Undefined when not set. Whatever is read from it later can be read. The sentence never shows the value: it may hold a password. */
function storeUrl(
  environment: NodeJS.ProcessEnv,
  name: "DATABASE_URL" | "NATS_URL",
  protocols: readonly string[],
  example: string,
): URL | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.includes(url.protocol) || url.hostname === "" || !isDecodable(url)) {
    throw new PlainError(`${name} must look like ${example}; correct it, or unset it and npm start brings its own.`);
  }
  return url;
}

function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    decodeURIComponent(username + password + pathname);
    return true;
  } catch {
    return false;
  }
}

function wholeNumber(environment: NodeJS.ProcessEnv, name: string, fallback: number, min: number, max: number): number {
  const text = environment[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new PlainError(`${name} must be a whole number from ${min} to ${max}.`);
}

function pick(environment: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value !== "" && wanted(name)) picked[name] = value;
  }
  return picked;
}

/** For the repository's own tools and tests, which are not services: all that the person set. */
export function toolEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...environment };
}
