// `--check` of every built service: 0 with the settings that the launcher makes, 1 and a sentence for each that cannot be.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeSecrets, type ProcessPlan, portsFromBase, renderEnvFile, topology } from "@waybill/local";
import { makeTestFolder, type TestFolder } from "@waybill/testing";
import { ROOT } from "../stack/launcher.ts";

/** Nothing is started, so nothing listens there. */
const plan = topology({
  ports: portsFromBase(8600),
  secrets: makeSecrets(),
  natsUrl: "nats://127.0.0.1:8622",
  databaseUrl: "postgres://owner:hidden@127.0.0.1:8632/waybill",
  stateDir: "/nowhere",
  configFile: "",
  simulator: true,
  providerKeys: {},
  drainLimitMs: 7_000,
  common: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", WAYBILL_SERVICE_ID: "one-of-many-2" },
});
const names = plan.services.map(({ name }) => name);

let folder: TestFolder;
before(async () => {
  folder = await makeTestFolder("check");
});
after(() => folder.remove());

/** As a person runs it, with a file of settings. */
async function check(name: ProcessPlan["name"], changes: Readonly<Record<string, string>> = {}) {
  const process = plan.services.find((service) => service.name === name);
  assert.ok(process);
  const file = join(folder.path, `${name}-${Object.entries(changes).join("-").replace(/\W/g, "")}.env`);
  writeFileSync(file, renderEnvFile("for this test", { ...process.settings, ...process.listens, ...changes }));
  return await runNode([`--env-file=${file}`, process.entry, "--check"]);
}

async function runNode(args: readonly string[]): Promise<{ output: string; exitCode: number | null }> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: {}, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exitCode = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { output, exitCode };
}

describe("--check", { concurrency: 2 }, () => {
  for (const name of names) {
    it(`of ${name}: the settings that npm start makes are valid`, async () => {
      assert.deepEqual(await check(name), { output: `${name}: the configuration is valid\n`, exitCode: 0 });
    });
  }

  const broken: readonly [ProcessPlan["name"], variable: string, value: string, sentence: RegExp][] = [
    ["ingress", "NATS_URL", "127.0.0.1:8622", /must be a URL like nats:\/\/host/],
    ["router", "DATABASE_URL", "postgres://me:hidden@host:port/waybill", /must be a URL like postgres:\/\/host/],
    ["budget", "OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", /must be a URL like http:\/\/host/],
    ["worker", "WAYBILL_FAILPOINT", "before claim", /must be <name>/],
    ["ledger", "WAYBILL_SERVICE_ID", "ledger.1", /must be letters, digits and dashes/],
    ["worker", "WAYBILL_HEALTH_PORT", "many", /must be a whole number/],
    ["ingress", "WAYBILL_ROUTER_URLS", "localhost", /must be addresses as host:port/],
  ];
  for (const [name, variable, value, sentence] of broken) {
    it(`of ${name} refuses ${variable}=${value} in one sentence, without a stack and without what is secret`, async () => {
      const { output, exitCode } = await check(name, { [variable]: value });
      assert.equal(exitCode, 1, output);
      const problems = output.split("\n").filter((line) => line.startsWith("  "));
      assert.equal(problems.length, 1, output);
      assert.ok(problems[0]?.startsWith(`  ${variable} `), output);
      assert.match(problems[0] ?? "", sentence);
      assert.doesNotMatch(output, /hidden|^\s+at /m);
    });
  }

  it("of router refuses WAYBILL_ACCEPTED_TOKENS that hold no hash, and tells every other problem with it", async () => {
    const { output, exitCode } = await check("router", { WAYBILL_ACCEPTED_TOKENS: "ingress=abc", NATS_URL: "here" });
    assert.equal(exitCode, 1);
    assert.match(output, /^ {2}WAYBILL_ACCEPTED_TOKENS /m);
    assert.match(output, /^ {2}NATS_URL /m);
    assert.doesNotMatch(output, /^\s+at /m);
  });
});
