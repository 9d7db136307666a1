// What every npm script runs first: checks Node, installs pnpm and the packages, builds, and hands over to the TypeScript in
// src/. Plain JavaScript without dependencies, in the syntax of Node 12, so that an old Node reads on to the sentence that
// says so (`?.`, `??` and what is newer would end it before).
// Each step is skipped when it has been done for the files as they are.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const nodeMin = [20, 19];
const pnpmVersion = "10.34.9";
const stateDir = resolve(root, process.env.WAYBILL_STATE_DIR || ".waybill");
/** What is installed for which lockfile; lies with what it describes, so that deleting node_modules forgets both. */
const stampFile = join(root, "node_modules", ".waybill-installed.json");

const command = process.argv[2] || "start";
const args = process.argv.slice(3);
const tools = ["test", "fault", "fuzz", "bench"].indexOf(command) >= 0;
/** Its stdout belongs to what it answers: nothing else is said there. */
const isCli = command === "waybill";
const wantsHelp = args.indexOf("--help") >= 0 || args.indexOf("-h") >= 0;

requireNode();
main().catch((error) => {
  process.stderr.write(`\n${command}: ${error.stack || error}\n`);
  process.exit(1);
});

async function main() {
  if (tools) {
    install("all");
    // From the sources, so that a type error in this very package is reported as a step of its own.
    const flags = ["--conditions=source", "--import", "tsx", join(root, "deploy/local/src/main.ts")];
    const ended = spawnSync(process.execPath, flags.concat([command], args), { cwd: root, stdio: "inherit" });
    process.exitCode = ended.status === null ? 1 : ended.status;
    return;
  }
  const built = join(root, isCli ? "libs/cli/dist/main.js" : "deploy/local/dist/main.js");
  // A question to a running stack, or for help, needs no new build.
  const asItIs = (command === "sql" || isCli || wantsHelp) && existsSync(built);
  if (!asItIs) {
    install("start");
    build();
  }
  // In this process, so that a Ctrl-C is heard once and by one listener only.
  process.argv = [process.argv[0], built].concat(isCli ? [] : [command], args);
  if (isCli) standWhereItWasAsked();
  await import(built);
}

/** Paths mean what they mean where the command was given, which npm leaves; the stack is the one of this clone. */
function standWhereItWasAsked() {
  process.env.WAYBILL_STATE_DIR = stateDir;
  if (process.env.INIT_CWD && existsSync(process.env.INIT_CWD)) process.chdir(process.env.INIT_CWD);
}

function requireNode() {
  const numbers = process.versions.node.split(".").map(Number);
  if (numbers[0] > nodeMin[0] || (numbers[0] === nodeMin[0] && numbers[1] >= nodeMin[1])) return;
  fail(`this is Node ${process.versions.node}; Waybill needs Node ${nodeMin.join(".")} or newer (nodejs.org).`);
}

function install(mode) {
  const locked = hashOf(["pnpm-lock.yaml", "pnpm-workspace.yaml"].map((name) => join(root, name)));
  const stamp = readJson(stampFile);
  const done = stamp && stamp.locked === locked && (stamp.mode === "all" || stamp.mode === mode);
  if (done) return;
  // Tools that somebody installed for development stay.
  const all = mode === "all" || hasDevelopmentTools();
  const startedAt = Date.now();
  const pnpm = findPnpm();
  say(`installing packages${all ? "" : " (what running needs)"}`);
  const selection = all
    ? []
    : ["--prod", "--filter", "!./test", "--filter", "!./test/**", "--filter", "!@waybill/testing"];
  run(process.execPath, [pnpm].concat(selection, ["install", "--frozen-lockfile", "--reporter=append-only"]), {
    what: "installing packages",
    env: Object.assign({}, process.env, { CI: "1" }),
  });
  writeFileSync(stampFile, JSON.stringify({ locked: locked, mode: all ? "all" : "start" }));
  say(`  done in ${since(startedAt)}`);
}

function hasDevelopmentTools() {
  return existsSync(join(root, "node_modules", "@biomejs", "biome"));
}

/** pnpm's program in the state folder; npm fetches it once. */
function findPnpm() {
  const folder = join(stateDir, "tools", `pnpm-${pnpmVersion}`);
  const program = join(folder, "node_modules", "pnpm", "bin", "pnpm.cjs");
  if (existsSync(program)) return program;
  const startedAt = Date.now();
  say(`fetching pnpm ${pnpmVersion} into ${folder}`);
  mkdirSync(folder, { recursive: true });
  // Without a package.json of its own, npm would go up and write into the repository's.
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const flags = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", `pnpm@${pnpmVersion}`];
  const npm = process.env.npm_execpath || "";
  const options = { what: "fetching pnpm", quiet: true, cwd: folder, env: withoutNpmSettings() };
  if (npm.endsWith("npm-cli.js")) run(process.execPath, [npm].concat(flags), options);
  else run("npm", flags, options);
  say(`  done in ${since(startedAt)}`);
  return program;
}

/** `npm start` hands its own place down to its children; the npm that we start has another. */
function withoutNpmSettings() {
  const env = Object.assign({}, process.env);
  for (const name of ["npm_config_local_prefix", "npm_package_json", "npm_config_prefix", "INIT_CWD"]) delete env[name];
  return env;
}

function build() {
  const projects = ["deploy/local", "libs/simulator", "libs/cli"].concat(
    readdirSync(join(root, "services")).map((name) => join("services", name)),
  );
  const known = projects.filter((path) => existsSync(join(root, path, "tsconfig.json")));
  const startedAt = Date.now();
  const first = !existsSync(join(root, "deploy/local/dist/main.js"));
  if (first) say("building");
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b"].concat(known), { what: "building" });
  if (first || Date.now() - startedAt > 5000) say(`  built in ${since(startedAt)}`);
}

/** Runs to the end or ends us with a sentence; a quiet program's output is shown only when it fails. */
function run(program, programArgs, options) {
  const ended = spawnSync(program, programArgs, {
    cwd: options.cwd || root,
    env: options.env || process.env,
    stdio: options.quiet ? ["ignore", "pipe", "pipe"] : ["ignore", isCli ? 2 : "inherit", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (ended.status === 0) return;
  if (ended.signal) process.exit(130);
  if (options.quiet) process.stderr.write(`${ended.stdout || ""}${ended.stderr || ""}`);
  fail(`${options.what} failed${ended.error ? ` (${ended.error.message})` : "; the reason is above"}.`);
}

function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (_) {
    return undefined;
  }
}

function since(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}

function say(line) {
  (isCli ? process.stderr : process.stdout).write(`${line}\n`);
}

function fail(sentence) {
  process.stderr.write(`\n${command}: ${sentence}\n`);
  process.exit(1);
}
