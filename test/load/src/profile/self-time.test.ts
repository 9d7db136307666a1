import assert from "node:assert/strict";
import { test } from "node:test";
import { selfTime } from "./self-time.ts";

const frame = (functionName: string, url = "", lineNumber = 0) => ({ functionName, url, lineNumber });

test("time is summed by function, and idling is nobody's", () => {
  const found = selfTime({
    nodes: [
      { id: 1, callFrame: frame("(root)") },
      { id: 2, callFrame: frame("(idle)") },
      { id: 3, callFrame: frame("write", "file:///r/node_modules/.pnpm/pino@1/node_modules/pino/lib/tools.js", 9) },
      { id: 4, callFrame: frame("write", "file:///r/node_modules/.pnpm/pino@1/node_modules/pino/lib/tools.js", 9) },
      { id: 5, callFrame: frame("fulfil", "file:///r/services/worker/dist/fulfil.js") },
      { id: 6, callFrame: frame("", "node:net", 4) },
    ],
    samples: [2, 3, 4, 5, 5, 6],
    timeDeltas: [10_000, 1_000, 2_000, 3_000, 2_000, 2_000],
  });
  assert.deepEqual(
    found.functions.map(({ name, percent }) => `${name} ${percent}`),
    ["fulfil fulfil.js:1 [services/worker] 50", "write tools.js:10 [pino] 30", "(anonymous) node:net:5 [node] 20"],
  );
});

test("packages and our own functions count with all they call, each once per stack", () => {
  const found = selfTime({
    nodes: [
      { id: 1, callFrame: frame("(root)"), children: [2] },
      { id: 2, callFrame: frame("fulfil", "file:///r/services/worker/dist/fulfil.js"), children: [3, 5] },
      { id: 3, callFrame: frame("info", "file:///r/node_modules/pino/lib/proto.js"), children: [4] },
      { id: 4, callFrame: frame("write", "node:fs") },
      { id: 5, callFrame: frame("fulfil", "file:///r/services/worker/dist/fulfil.js") },
    ],
    samples: [2, 3, 4, 5],
    timeDeltas: [1_000, 2_000, 3_000, 4_000],
  });
  assert.deepEqual(
    found.packages.map(({ name, percent }) => `${name} ${percent}`),
    ["services/worker 100", "pino 50", "node 30"],
  );
  assert.deepEqual(found.own, [{ name: "fulfil fulfil.js:1 [services/worker]", percent: 100 }]);
});
