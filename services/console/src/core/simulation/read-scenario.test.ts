// Selections of models: what they mean for each part of the traffic, and every problem at its field.
import assert from "node:assert/strict";
import { test } from "node:test";
import { shareText, WHOLE } from "./fraction.ts";
import { type GivenScenario, readScenario, type ScenarioRules } from "./read-scenario.ts";

function read(given: GivenScenario, more: Partial<ScenarioRules> = {}) {
  const problems: string[] = [];
  const rules = {
    field: "proposal",
    parts: ["paid", "free"],
    isModel: (model: string) => model !== "no/model",
    ...more,
  };
  const { mixes } = readScenario(given, rules, (field, problem) => problems.push(`${field} ${problem}`));
  const shown = [...mixes].map(([part, mix]) => [
    part,
    ...mix.map(({ model, share }) => `${model} ${shareText(share)}`),
  ]);
  return { problems, shown };
}

test("a part takes the models that name it, else those that name none", () => {
  const models = [
    { model: "a/a", share: "0.5", of: "paid" },
    { model: "a/b", share: "1/2", of: "paid" },
    { model: "a/c", share: "1" },
  ];
  assert.deepEqual(read({ models }), {
    problems: [],
    shown: [
      ["paid", "a/a 0.5", "a/b 0.5"],
      ["free", "a/c 1"],
    ],
  });
});

test("what nobody chose stays as it is where that is something, else it is a problem", () => {
  const models = [{ model: "a/a", share: "1", of: "paid" }];
  assert.deepEqual(read({ models }).problems, ["proposal.models names no model for free"]);
  const asItIs = (part: string) => [{ model: `is/${part}`, share: WHOLE }];
  assert.deepEqual(read({ models }, { asItIs }).shown[1], ["free", "is/free 1"]);
});

test("every problem is told at its field", () => {
  const models = [
    { model: "no/model", share: "0.4" },
    { model: "a/a", share: "2" },
    { model: "a/a", share: "1", of: "nobody" },
  ];
  assert.deepEqual(read({ models, cachedInputShare: "1.5", keptAnswerShare: "x" }).problems, [
    "proposal.models[0].model no/model is not in the catalogue",
    "proposal.models[1].share must be above 0 and at most 1, like 0.25 or 1/3",
    "proposal.models[2].of nobody is no part of this traffic",
    "proposal.models the shares make 0.4, not 1",
    "proposal.cachedInputShare must be from 0 to 1, like 0.25 or 1/3",
    "proposal.keptAnswerShare must be from 0 to 1, like 0.25 or 1/3",
  ]);
});
