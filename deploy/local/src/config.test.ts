import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readLauncherConfig } from "./config.ts";
import { PlainError } from "./plain-error.ts";

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

test("a loaded dev.env is not taken for somebody else's stores", () => {
  const config = readLauncherConfig({
    WAYBILL_URL: "http://127.0.0.1:8600",
    DATABASE_URL: "postgres://waybill:secret@127.0.0.1:8632/waybill",
    NATS_URL: "nats://127.0.0.1:8622",
    NATS_USER: "operator",
    NATS_PASSWORD: "secret",
  });
  assert.deepEqual([config.databaseUrl, config.natsUrl, config.natsLogin], [undefined, undefined, undefined]);
  assert.deepEqual(config.common, {});
});

test("an address that nothing can be read from is refused in a sentence that does not show it", () => {
  for (const DATABASE_URL of [
    "mysql://me:hidden@host/x",
    "postgres://me:hidden@host:port/x",
    "postgres://me:hid#den@host/x",
    "postgres:///hidden",
    "postgres://me:hidden%zz@host/x",
    "hidden",
  ]) {
    assert.throws(
      () => readLauncherConfig({ DATABASE_URL }),
      (error) =>
        error instanceof PlainError &&
        /^DATABASE_URL must look like postgres:.*unset it/.test(error.message) &&
        !/hid/.test(error.message),
      DATABASE_URL,
    );
  }
  for (const NATS_URL of [
    "here",
    "host:4222",
    "nats:4222",
    "nats://host:port",
    "http://host:4222",
    "nats://%zz@host",
  ]) {
    assert.throws(
      () => readLauncherConfig({ NATS_URL }),
      (error) => error instanceof PlainError && /^NATS_URL must look like nats:.*unset it/.test(error.message),
      NATS_URL,
    );
  }
});

test("what cannot be is refused in a sentence that names the setting", () => {
  assert.throws(() => readLauncherConfig({ WAYBILL_PORT_BASE: "80" }), /WAYBILL_PORT_BASE must be/);
  assert.throws(() => readLauncherConfig({ WAYBILL_PORT_BASE: "65500" }), /WAYBILL_PORT_BASE must be/);
  assert.throws(() => readLauncherConfig({ WAYBILL_CONFIG: "/no/such.yaml" }), /WAYBILL_CONFIG names/);
});
