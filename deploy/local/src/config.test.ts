import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readLauncherConfig } from "./config.ts";

test("with nothing set, everything is local and has its default", () => {
  const config = readLauncherConfig({});
  assert.equal(config.portBase, 8600);
  assert.equal(config.natsUrl, undefined);
  assert.equal(config.databaseUrl, undefined);
  assert.match(config.stateDir, /\.waybill$/);
});

test("services get WAYBILL_ and OTEL_ settings, but no secret and nothing of the launcher's own", () => {
  const { common, plain } = readLauncherConfig({
    PATH: "/bin",
    WAYBILL_LOG_LEVEL: "debug",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
    WAYBILL_PORT_BASE: "9000",
    WAYBILL_API_KEY: "wb_a_b",
    WAYBILL_OPERATOR_TOKEN: "t",
    OPENAI_API_KEY: "sk",
    AWS_SECRET_ACCESS_KEY: "s",
  });
  const expected = { WAYBILL_LOG_LEVEL: "debug", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  assert.deepEqual(common, expected);
  assert.deepEqual(plain, { PATH: "/bin" });
});

test("a provider's key is known by its usual name or because waybill.yaml names its variable", async () => {
  const folder = await mkdtemp(join(tmpdir(), "waybill-config-"));
  try {
    const file = join(folder, "waybill.yaml");
    await writeFile(file, "providers:\n  - id: mine\n    keyVariable: MY_VLLM_SECRET\n");
    const environment = {
      WAYBILL_CONFIG: file,
      MY_VLLM_SECRET: "v",
      OPENAI_API_KEY: "sk",
      UNRELATED_API_KEY: "no",
      PATH: "/bin",
    };
    assert.deepEqual(readLauncherConfig(environment).providerKeys, { MY_VLLM_SECRET: "v", OPENAI_API_KEY: "sk" });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("credentials in NATS_URL are taken out of it", () => {
  const { natsUrl, natsLogin } = readLauncherConfig({ NATS_URL: "nats://me:p%40ss@10.0.0.1:4222" });
  assert.doesNotMatch(natsUrl ?? "", /me|ss/);
  assert.deepEqual(natsLogin, { user: "me", password: "p@ss" });
});

test("what cannot be is refused in a sentence that names the setting", () => {
  assert.throws(() => readLauncherConfig({ WAYBILL_PORT_BASE: "80" }), /WAYBILL_PORT_BASE must be/);
  assert.throws(() => readLauncherConfig({ WAYBILL_PORT_BASE: "65500" }), /WAYBILL_PORT_BASE must be/);
  assert.throws(() => readLauncherConfig({ DATABASE_URL: "mysql://x" }), /DATABASE_URL must look like/);
  assert.throws(() => readLauncherConfig({ NATS_URL: "here" }), /NATS_URL must look like/);
  assert.throws(() => readLauncherConfig({ WAYBILL_CONFIG: "/no/such.yaml" }), /WAYBILL_CONFIG names/);
});
