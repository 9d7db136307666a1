import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuSeconds, memoryMib, parseStat, pidsOfSession } from "./process-usage.ts";

test("a command with blanks and brackets does not shift the fields", () => {
  const stat = "77 (a (b) c) S 1 70 60 0 -1 4194560 1 2 3 4 100 20 7 8 20 0 1 0 5";
  assert.deepEqual(parseStat(stat), { session: 60, ownTicks: 120, endedChildrenTicks: 15 });
});

test("work costs CPU seconds, and this process has memory", async () => {
  const self = { name: "self", pids: async () => [process.pid] };
  const before = await cpuSeconds(self);
  const endMs = performance.now() + 150;
  while (performance.now() < endMs);
  assert.ok((await cpuSeconds(self)) > before);
  assert.ok((await memoryMib(self, "VmHWM")) >= (await memoryMib(self, "VmRSS")) - 1);
});

test("a session's processes are found", async () => {
  const { readFile } = await import("node:fs/promises");
  const { session } = parseStat(await readFile(`/proc/${process.pid}/stat`, "utf8"));
  assert.ok((await pidsOfSession(session)).includes(process.pid));
});
