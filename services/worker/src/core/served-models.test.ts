import assert from "node:assert/strict";
import { test } from "node:test";
import { ModelConfig, ProviderConfig } from "@waybill/wire";
import { nameOf, servedModels } from "./served-models.ts";

const provider = (id: string, dialect: string, keyVariable: string): ProviderConfig =>
  ProviderConfig.fromPartial({ id, dialect, keyVariable });
const providers = new Map(
  [
    provider("open", "openai-compatible", ""),
    provider("keyed", "openai-compatible", "A_KEY"),
    provider("poor", "openai-compatible", "NO_KEY"),
    provider("odd", "morse", ""),
  ].map((each) => [each.id, each]),
);
const models = new Map(
  ["open/a", "open/b/c", "keyed/a", "poor/a", "odd/a", "gone/a"].map((name) => {
    const [id = "", ...rest] = name.split("/");
    const model = ModelConfig.fromPartial({ provider: id, model: rest.join("/") });
    assert.equal(nameOf(model), name);
    return [name, model];
  }),
);
const means = {
  only: [] as string[],
  hasDialect: (name: string) => name === "openai-compatible",
  hasKey: (variable: string) => variable === "A_KEY",
};

test("every model is served whose provider can be called", () => {
  const { served, reasons } = servedModels({ providers, models }, means);
  assert.deepEqual([...served], ["open/a", "open/b/c", "keyed/a"]);
  assert.deepEqual(reasons, [
    "poor is not served: the environment variable NO_KEY is not set",
    "odd is not served: there is no dialect morse",
    "gone/a is not served: its provider gone is not deployed",
  ]);
});

test("a list restricts, and a name on it that does not exist is said", () => {
  const { served, reasons } = servedModels({ providers, models }, { ...means, only: ["open/a", "open/typo"] });
  assert.deepEqual([...served], ["open/a"]);
  assert.deepEqual(reasons, ["open/typo is not served: the catalogue does not have it"]);
});
