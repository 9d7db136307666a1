// Routes as files.
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeTestFolder, type TestFolder } from "@waybill/testing";
import { Ending } from "../exit-codes.ts";
import { findRouteFile, readRouteFile, readRouteFiles, writeRouteFile } from "./route-files.ts";

let made: TestFolder;
let folder: string;
before(async () => {
  made = await makeTestFolder("cli");
  folder = made.path;
});
after(() => made.remove());

test("folders and files are read, YAML too, each route once", async () => {
  assert.equal(await writeRouteFile(folder, "a", '{"nodes": []}\n'), join(folder, "a.json"));
  await writeFile(join(folder, "b.yaml"), "nodes: [{id: end, kind: end}]\n");
  await writeFile(join(folder, "notes.txt"), "no route");
  const { files, hasFolder } = await readRouteFiles([folder, join(folder, "a.json")]);
  assert.deepEqual([files.map(({ name }) => name), hasFolder], [["a", "b"], true]);
  assert.deepEqual(JSON.parse(files[1]?.text ?? ""), { nodes: [{ id: "end", kind: "end" }] });
  assert.equal((await readRouteFiles([join(folder, "a.json")])).hasFolder, false);
});

test("a route in two files is wrong usage", async () => {
  await writeFile(join(folder, "a.jsonc"), "{}");
  await assert.rejects(readRouteFiles([folder]), /a\.json and .*a\.jsonc are both the route a/);
  await rm(join(folder, "a.jsonc"));
});

test("what is not there ends the command; what is no YAML or has no route's name is a problem of the file", async () => {
  await assert.rejects(readRouteFiles([join(folder, "none")]), Ending);
  await assert.rejects(readRouteFile(folder), /is no file/);
  await writeFile(join(folder, "c.yml"), "{ unclosed");
  assert.match((await readRouteFile(join(folder, "c.yml"))).problems[0]?.problem ?? "", /is not YAML: /);
  await writeFile(join(folder, "no name.json"), "{}");
  assert.match((await readRouteFile(join(folder, "no name.json"))).problems[0]?.problem ?? "", /is no route name/);
});

test("a route's file is found in any format, and a name never leads out of the folder", async () => {
  assert.equal((await findRouteFile(folder, "b"))?.path, join(folder, "b.yaml"));
  assert.equal(await findRouteFile(folder, "z"), undefined);
  assert.equal(await findRouteFile(join(folder, "none"), "b"), undefined);
  await assert.rejects(findRouteFile(folder, "../b"), Ending);
});
