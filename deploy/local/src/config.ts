// The launcher's settings. The only file here that reads the environment.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PlainError } from "./plain-error.ts";
import { defaultPortBase, portOffsetMax } from "./ports.ts";

const rootDir = fileURLToPath(new URL("../../../", import.meta.url));
/** Ctrl-C allows services 10 s in all; the ingress may use most of it for running streams. */
const defaultDrainLimitMs = 7_000;

/** How many seeds `npm run fault` tries each fault with. */
export const faultSeedsDefault = 20;

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
const notForServices = new Set(["WAYBILL_PORT_BASE", "WAYBILL_STATE_DIR", "WAYBILL_URL", "WAYBILL_FAULT_SEEDS"]);
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
  readonly faultSeeds: number;
  /** Where programs find things on this machine; every process gets it. */
  readonly plain: Readonly<Record<string, string>>;
  /** Settings for every service. */
  readonly common: Readonly<Record<string, string>>;
}

/** Throws a PlainError that names the first setting that cannot be. */
export function readLauncherConfig(environment: NodeJS.ProcessEnv = process.env): LauncherConfig {
  const configFile = findConfigFile(environment);
  const nats = splitNatsUrl(environment);
  return {
    rootDir,
    stateDir: stateDirOf(environment),
    portBase: wholeNumber(environment, "WAYBILL_PORT_BASE", defaultPortBase, 1_024, 65_535 - portOffsetMax),
    natsUrl: nats?.url,
    natsLogin: nats?.login,
    databaseUrl: databaseUrlOf(environment),
    configFile,
    providerKeys: readProviderKeys(environment, configFile),
    drainLimitMs: wholeNumber(environment, "WAYBILL_DRAIN_LIMIT_MS", defaultDrainLimitMs, 0, 3_600_000),
    faultSeeds: wholeNumber(environment, "WAYBILL_FAULT_SEEDS", faultSeedsDefault, 1, 100_000),
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
  const url = environment.DATABASE_URL || undefined;
  if (url !== undefined && !/^postgres(ql)?:\/\//.test(url)) {
    throw new PlainError("DATABASE_URL must look like postgres://user:password@host:5432/database.");
  }
  return url;
}

function splitNatsUrl(environment: NodeJS.ProcessEnv): { url: string; login: LauncherConfig["natsLogin"] } | undefined {
  const given = environment.NATS_URL;
  if (given === undefined || given === "") return undefined;
  if (!URL.canParse(given)) throw new PlainError("NATS_URL must look like nats://host:4222.");
  const url = new URL(given);
  const user = decodeURIComponent(url.username) || environment.NATS_USER;
  const password = decodeURIComponent(url.password) || environment.NATS_PASSWORD;
  url.username = "";
  url.password = "";
  return { url: url.href, login: user && password ? { user, password } : undefined };
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
