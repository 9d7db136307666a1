import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StampReader } from "./stamp-reader.ts";

const event = (delta: string, sentNs: number) => `data: {"choices":[{"delta":${delta}}],"x_sent_ns":"${sentNs}"}\n\n`;
const STREAM =
  event('{"role":"assistant","content":""}', 5) +
  event('{"content":"a"}', 10) +
  event('{"content":"ü"}', 20) +
  event("{}", 30) +
  "data: [DONE]\n\n";

test("every stamp is found once, with the place of its content chunk, wherever the pieces are cut", () => {
  const bytes = Buffer.from(STREAM);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const reader = new StampReader();
      const ends = [...cuts.sort((a, b) => a - b), bytes.length];
      let from = 0;
      const found = ends.flatMap((to) => {
        const stamps = reader.read(bytes.subarray(from, to));
        from = to;
        return stamps;
      });
      assert.deepEqual(found, [
        { sentNs: 5n, content: 0 },
        { sentNs: 10n, content: 1 },
        { sentNs: 20n, content: 2 },
        { sentNs: 30n, content: 0 },
      ]);
    }),
  );
});
