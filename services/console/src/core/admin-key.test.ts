import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAdminKey } from "./admin-key.ts";

const SECRET = "s3cret_with-both_marks_inside";

test("an admin key is split at its first two marks", () => {
  assert.deepEqual(parseAdminKey(`wba_ab12cd34_${SECRET}`), { keyId: "ab12cd34", secret: SECRET });
});

test("a virtual key, a short secret and anything else is no admin key", () => {
  for (const text of [`wb_ab12cd34_${SECRET}`, "wba_ab12cd34_short", `wba_a_${SECRET}`, `wba_ab12_${SECRET} `, ""]) {
    assert.equal(parseAdminKey(text), undefined, text);
  }
});
