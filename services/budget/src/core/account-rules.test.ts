import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaybillError } from "@waybill/domain";
import * as rules from "./account-rules.ts";

const NOW = 1_000_000;
const long = (characters: number): string => "x".repeat(characters);
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `m${index}`);
const pairs = (count: number): Record<string, string> => Object.fromEntries(many(count).map((name) => [name, "v"]));

/** Each check with what it takes and what it refuses. */
const CASES: readonly [
  name: string,
  check: (value: never) => void,
  good: readonly unknown[],
  bad: readonly unknown[],
][] = [
  ["checkId", (v) => rules.checkId("f", v), ["a", "a-b", "0", long(63)], ["", "-a", "A", "a_b", long(64), "a\n"]],
  [
    "checkName",
    (v) => rules.checkName("f", v),
    ["A", "Ägypten 1", long(128)],
    ["", " ", "a\u0000", "a\nb", long(129), "\ud800"],
  ],
  ["checkCostCentre", (v) => rules.checkCostCentre("f", v), ["", "4711", long(128)], ["\t", long(129)]],
  [
    "checkModels",
    (v) => rules.checkModels("f", v),
    [[], ["a/b", "auto", "dynamic/x"], many(256)],
    [[""], ["a", "a"], many(257), [long(257)], ["a\n"]],
  ],
  [
    "checkRoutes",
    (v) => rules.checkRoutes("f", v),
    [[], ["auto", "a.b_c-d"]],
    [["dynamic/x"], ["-x"], ["a", "a"], [""]],
  ],
  ["checkSurfaces", (v) => rules.checkSurfaces("f", v), [[], ["openai-chat"]], [["OpenAI"], ["a", "a"]]],
  [
    "checkPairs",
    (v) => rules.checkPairs("f", v),
    [{}, pairs(32), { a: "" }, { a: long(256) }],
    [
      pairs(33),
      { "": "x" },
      { a: long(257) },
      { __proto__x: "\n" },
      { "-a": "x" },
      Object.fromEntries(many(9).map((n) => [n, long(256)])),
    ],
  ],
  [
    "checkOutputTokens",
    (v) => rules.checkOutputTokens("f", v),
    [0, 1, 100_000_000],
    [-1, 0.5, 100_000_001, Number.NaN],
  ],
  [
    "checkExpiry",
    (v) => rules.checkExpiry("f", v, NOW),
    [0n, BigInt(NOW) + 1n],
    [BigInt(NOW), 1n, -1n, 32_503_680_000_001n],
  ],
  ["checkOverlap", (v) => rules.checkOverlap("f", v), [0, 86_400, 2_592_000], [2_592_001]],
  ["checkRole", (v) => rules.checkRole("f", v), rules.ADMIN_ROLES, ["", "root", "Owner"]],
];

describe("rules of accounts", () => {
  for (const [name, check, good, bad] of CASES) {
    it(`${name} takes what may be and refuses the rest by its field`, () => {
      for (const value of good) check(value as never);
      for (const value of bad) {
        assert.throws(
          () => check(value as never),
          (error) => error instanceof WaybillError && error.code === "invalid_value" && error.param === "f",
          JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each)),
        );
      }
    });
  }

  it("there is room up to the limit, and the refusal says how many there are", () => {
    rules.checkRoom(1, 2, "teams");
    assert.throws(() => rules.checkRoom(2, 2, "teams"), /There are 2 teams; 2 is the most/);
  });
});
