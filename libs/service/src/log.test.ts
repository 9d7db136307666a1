import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

/** Runs in a process of its own: the log writes to standard output. */
async function linesOf(script: string): Promise<Record<string, unknown>[]> {
  const module = new URL("log.ts", import.meta.url).href;
  const code = `import { makeLog } from ${JSON.stringify(module)}; const log = makeLog("ingress", "i-1", "info"); ${script}; log.flush();`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--conditions=source",
    "--import",
    "tsx",
    "--input-type=module",
    "--eval",
    code,
  ]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a line is JSON with its service and level; secrets are left out, in the line and one level below", async () => {
  const [line] = await linesOf(
    `log.info({ request_id: "r", authorization: "Bearer x", upstream: { host: "h", secret: "s", password: "p" } }, "served")`,
  );
  assert.equal(line?.service, "ingress");
  assert.equal(line?.level, "info");
  assert.equal(line?.request_id, "r");
  assert.deepEqual(line?.upstream, { host: "h" });
  assert.equal("authorization" in (line ?? {}), false);
});

test("what is logged is not changed, and errors keep their stack", async () => {
  const lines = await linesOf(
    `const fields = { secret: "s", err: new Error("broken") }; log.warn(fields, "one"); log.warn({ kept: fields.secret }, "two")`,
  );
  assert.match(JSON.stringify(lines[0]?.err), /"message":"broken","stack"/);
  assert.equal(lines[1]?.kept, "s");
});
