import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { eventually } from "@waybill/testing";
import { cpuSeconds, memoryMib, parseStat, pidsOfTree } from "./process-usage.ts";

test("a command with blanks and brackets does not shift the fields", () => {
  const stat = "77 (a (b) c) S 1 70 60 0 -1 4194560 1 2 3 4 100 20 7 8 20 0 1 0 5";
  assert.deepEqual(parseStat(stat), { parent: 1, processGroup: 70, ownTicks: 120, endedChildrenTicks: 15 });
});

test("work costs CPU seconds, and this process has memory", async () => {
  const self = { name: "self", pids: async () => [process.pid] };
  const before = await cpuSeconds(self);
  const endMs = performance.now() + 150;
  while (performance.now() < endMs);
  assert.ok((await cpuSeconds(self)) > before);
  assert.ok((await memoryMib(self, "VmHWM")) >= (await memoryMib(self, "VmRSS")) - 1);
});

test("a process's descendants are found", async () => {
  const child = spawn("sh", ["-c", "sleep 30 & wait"]);
  const looked = async (): Promise<number> => (await pidsOfTree(child.pid ?? 0)).length;
  await eventually(async () => (await looked()) === 2, { reason: "the shell and its child" });
  const [, grandchild] = await pidsOfTree(child.pid ?? 0);
  assert.ok((await pidsOfTree(process.pid)).includes(grandchild ?? 0));
  for (const pid of await pidsOfTree(child.pid ?? 0)) process.kill(pid);
});
