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

test("a provider is served by the accounts that have their keys, and by none not at all", () => {
  const withAccounts = (...keyVariables: string[]) =>
    new Map([
      [
        "keyed",
        ProviderConfig.fromPartial({
          ...{ id: "keyed", dialect: "openai-compatible" },
          accounts: keyVariables.map((keyVariable, index) => ({ id: `a${index}`, weight: 1, keyVariable })),
        }),
      ],
    ]);
  const only = { ...means, only: ["keyed/a"] };
  const some = servedModels({ providers: withAccounts("A_KEY", "NO_KEY"), models }, only);
  assert.deepEqual([...some.served], ["keyed/a"]);
  assert.deepEqual(some.reasons, ["the account a1 of keyed is not used: the environment variable NO_KEY is not set"]);
  const none = servedModels({ providers: withAccounts("NO_KEY"), models }, only);
  assert.equal(none.served.size, 0);
  assert.deepEqual(none.reasons, [
    "the account a0 of keyed is not used: the environment variable NO_KEY is not set",
    "keyed is not served: none of its accounts can be used",
  ]);
});
