import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { portsFromBase } from "./ports.ts";
import { makeSecrets } from "./secrets.ts";
import { topology } from "./topology.ts";

const secrets = makeSecrets();
const settings = {
  ports: portsFromBase(8600),
  secrets,
  natsUrl: "nats://127.0.0.1:8622",
  databaseUrl: "postgres://owner:owner-password@127.0.0.1:8632/waybill?sslmode=prefer",
  stateDir: "/state",
  configFile: "",
  simulator: true,
  providerKeys: { OPENAI_API_KEY: "sk-provider" },
  drainLimitMs: 7_000,
  common: { WAYBILL_LOG_LEVEL: "warn" },
};
const plan = topology(settings);
const everyProcess = [...plan.services, ...(plan.simulator === undefined ? [] : [plan.simulator])];

test("only workers get the keys of providers", () => {
  for (const { name, settings: own } of everyProcess) {
    assert.equal(Object.values(own).includes("sk-provider"), name === "worker", name);
  }
});

test("no process gets the owner's password, or the password or token of another", () => {
  const belongsTo: Record<string, string> = {
    "owner-password": "nobody",
    [secrets.postgresPassword]: "nobody",
    [secrets.rolePasswords.waybill_router]: "router",
    [secrets.rolePasswords.waybill_budget]: "budget",
    [secrets.rolePasswords.waybill_ledger]: "ledger",
    [secrets.rolePasswords.finance_reader]: "nobody",
    [secrets.webhookSecret]: "budget",
  };
  for (const [party, password] of Object.entries(secrets.natsPasswords)) belongsTo[password] = party;
  for (const [party, token] of Object.entries(secrets.serviceTokens)) belongsTo[token] = party;
  for (const { name, settings: own, listens } of everyProcess) {
    const all = Object.values({ ...own, ...listens }).join("\n");
    for (const [secret, party] of Object.entries(belongsTo)) {
      if (party !== name) assert.equal(all.includes(secret), false, `${name} has a secret of ${party}`);
    }
  }
});

test("a server knows its callers by the hash of their token", () => {
  const budget = plan.services.find(({ name }) => name === "budget");
  const hash = createHash("sha256").update(secrets.serviceTokens.router).digest("hex");
  assert.match(budget?.settings.WAYBILL_ACCEPTED_TOKENS ?? "", new RegExp(`router=${hash}`));
  assert.doesNotMatch(budget?.settings.WAYBILL_ACCEPTED_TOKENS ?? "", /worker=/);
});

test("the settings of a further process name no port to listen on", () => {
  for (const { name, settings: own, listens } of plan.services) {
    for (const variable of Object.keys(listens)) assert.equal(variable in own, false, `${name}: ${variable}`);
    assert.equal("WAYBILL_HEALTH_PORT" in listens, true);
  }
});

test("a database's other parameters stay when the role changes", () => {
  assert.match(plan.financeDatabaseUrl, /^postgres:\/\/finance_reader:.*@127\.0\.0\.1:8632\/waybill\?sslmode=prefer$/);
});

test("without the simulator nobody is told of one", () => {
  const without = topology({ ...settings, simulator: false });
  assert.equal(without.simulator, undefined);
  assert.equal(without.services.find(({ name }) => name === "router")?.settings.WAYBILL_SIMULATOR_URL, "");
});

test("a NATS with one user gives every service on the bus that user", () => {
  const shared = topology({ ...settings, natsLogin: { user: "u", password: "p" } });
  for (const { name, settings: own } of shared.services) {
    const login = name === "console" ? [undefined, undefined] : ["u", "p"];
    assert.deepEqual([own.NATS_USER, own.NATS_PASSWORD], login, name);
  }
});
