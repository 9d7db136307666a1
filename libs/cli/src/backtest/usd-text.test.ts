// Money as text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUsdText, parseUsdText } from "./usd-text.ts";

test("an amount comes back as it went in, to the pico-dollar", () => {
  for (const text of ["0", "1", "0.000000000001", "123456789012345.678901234567", "-0.5", "-12"]) {
    assert.equal(formatUsdText(parseUsdText(text)), text);
  }
  assert.equal(formatUsdText(parseUsdText("0.1") + parseUsdText("0.2")), "0.3");
  assert.equal(formatUsdText(parseUsdText("1.500")), "1.5");
});
