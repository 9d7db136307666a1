// Where the admin API is found.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeTestFolder, type TestFolder } from "@waybill/testing";
import { isColourWanted, readCliConfig } from "./config.ts";
import { Ending } from "./exit-codes.ts";

let made: TestFolder;
let folder: string;
before(async () => {
  made = await makeTestFolder("cli");
  folder = made.path;
  await mkdir(join(folder, ".waybill"));
  await mkdir(join(folder, "a", "b"), { recursive: true });
  await writeFile(
    join(folder, ".waybill", "dev.env"),
    "# a stack\nWAYBILL_ADMIN_URL=http://127.0.0.1:1\nWAYBILL_ADMIN_KEY='wba_local'\n",
  );
});
after(() => made.remove());

const HTTPS = { WAYBILL_ADMIN_URL: "https://admin.example/", WAYBILL_ADMIN_KEY: "wba_far" };
const LOCAL = { adminUrl: "http://127.0.0.1:1", adminKey: "wba_local" };

test("the environment goes before a stack that runs here", () => {
  assert.deepEqual(readCliConfig(HTTPS, folder), { adminUrl: "https://admin.example", adminKey: "wba_far" });
});

test("a stack is found from a folder below it, and where its state folder is said", () => {
  assert.deepEqual(readCliConfig({}, join(folder, "a", "b")), LOCAL);
  assert.deepEqual(readCliConfig({ WAYBILL_STATE_DIR: join(folder, ".waybill") }, tmpdir()), LOCAL);
});

test("the key of a local stack never goes to an address from elsewhere", () => {
  assert.throws(() => readCliConfig({ WAYBILL_ADMIN_URL: "https://admin.example" }, folder), /KEY is not: set both/);
  assert.throws(() => readCliConfig({ WAYBILL_ADMIN_KEY: "wba_far" }, folder), /URL is not: set both/);
});

test("what is missing or cannot be is wrong usage, and the key is in no sentence", () => {
  const nowhere = { WAYBILL_STATE_DIR: join(folder, "nowhere") };
  for (const env of [nowhere, { ...HTTPS, WAYBILL_ADMIN_URL: "admin" }, { ...HTTPS, WAYBILL_ADMIN_KEY: "a secret" }]) {
    assert.throws(
      () => readCliConfig(env, folder),
      (error) => error instanceof Ending && error.exitCode === 2 && !/a secret|wba_far/.test(error.message),
    );
  }
});

test("only a terminal that wants colours gets them", () => {
  assert.deepEqual(
    [
      isColourWanted({}, true),
      isColourWanted({}, false),
      isColourWanted({ NO_COLOR: "1" }, true),
      isColourWanted({ TERM: "dumb" }, true),
    ],
    [true, false, false, false],
  );
});
