import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { catalogueProviderOf, isCatalogueProvider } from "./base-prices.ts";
import { makeDeployment } from "./deployment.ts";
import { PRESET_NAMES, VENDOR_PRESETS, type VendorPreset } from "./vendor-presets.ts";
import { parseWaybillFile, WaybillFileError } from "./waybill-file.ts";

const deployed = (lines: string) => {
  const file = parseWaybillFile(`providers: [{id: p, ${lines}, models: [m]}]`, "a file");
  const [provider] = makeDeployment(file, "").providers;
  return provider ?? assert.fail();
};
const problemsOf = (lines: string): readonly string[] => {
  try {
    deployed(lines);
  } catch (error) {
    assert.ok(error instanceof WaybillFileError);
    return error.problems;
  }
  return assert.fail("it was taken");
};

/** What each of them deploys: whoever changes a fact sees it here. */
const EXPECTED: Record<(typeof PRESET_NAMES)[number], object> = {
  vllm: { baseUrl: "http://127.0.0.1:8000/v1", keyVariable: "", allowPrivateAddress: true },
  ollama: { baseUrl: "http://127.0.0.1:11434/v1", keyVariable: "", allowPrivateAddress: true },
  groq: {
    ...{ baseUrl: "https://api.groq.com/openai/v1", keyVariable: "GROQ_API_KEY", endpoints: ["chat"] },
    refusedParameters: ["logprobs", "top_logprobs", "logit_bias", "metadata", "store"],
  },
  deepseek: { baseUrl: "https://api.deepseek.com/v1", keyVariable: "DEEPSEEK_API_KEY", endpoints: ["chat"] },
  xai: {
    ...{ baseUrl: "https://api.x.ai/v1", keyVariable: "XAI_API_KEY" },
    refusedParameters: ["presence_penalty", "frequency_penalty"],
  },
  mistral: {
    ...{ baseUrl: "https://api.mistral.ai/v1", keyVariable: "MISTRAL_API_KEY", noStreamUsage: true },
    endpoints: ["chat", "embeddings"],
    refusedParameters: [...VENDOR_PRESETS.mistral.refusedParameters],
  },
  together: { baseUrl: "https://api.together.ai/v1", keyVariable: "TOGETHER_API_KEY" },
  openrouter: {
    ...{ baseUrl: "https://openrouter.ai/api/v1", keyVariable: "OPENROUTER_API_KEY" },
    refusedParameters: ["models", "fallbacks", "route", "preset"],
  },
};

describe("a preset", () => {
  for (const name of PRESET_NAMES) {
    it(`${name} is all that a provider needs beside its models`, () => {
      assert.deepEqual(deployed(`preset: ${name}`), {
        ...{ id: "p", dialect: "openai-compatible", simulated: false, allowPrivateAddress: false },
        ...EXPECTED[name],
      });
    });

    it(`${name} has prices in the catalogue, or is one's own machine`, () => {
      const preset: VendorPreset = VENDOR_PRESETS[name];
      const catalogue = preset.catalogue ?? catalogueProviderOf(preset.baseUrl);
      if (preset.allowPrivateAddress) assert.equal(catalogue, undefined);
      else assert.ok(catalogue !== undefined && isCatalogueProvider(catalogue), String(catalogue));
    });
  }

  it("never wins over what is said", () => {
    const said = deployed(
      "preset: mistral, keyVariable: OURS, streamUsage: true, endpoints: [chat], refusedParameters: [seed]",
    );
    assert.deepEqual([said.keyVariable, said.noStreamUsage, said.endpoints], ["OURS", undefined, ["chat"]]);
    assert.deepEqual(said.refusedParameters, ["seed"]);
  });

  it("lets nobody but its own address be a private one", () => {
    const elsewhere = deployed('preset: vllm, baseUrl: "http://gpu-1.internal:8000/v1"');
    assert.equal(elsewhere.allowPrivateAddress, false);
    const said = deployed('preset: vllm, baseUrl: "http://gpu-1.internal:8000/v1", allowPrivateAddress: true');
    assert.equal(said.allowPrivateAddress, true);
    assert.equal(deployed("preset: vllm, allowPrivateAddress: false").allowPrivateAddress, false);
  });

  it("that nobody knows is refused with the names of those that are known", () => {
    assert.deepEqual(problemsOf("preset: grok"), [
      "providers[0].preset: must be one of vllm, ollama, groq, deepseek, xai, mistral, together, openrouter",
    ]);
    assert.equal(problemsOf("preset: toString").length, 1);
    assert.equal(problemsOf("preset: 7").length, 1);
  });

  it("and what it says are for OpenAI's dialect only", () => {
    const lines = "dialect: gemini, baseUrl: 'https://x.example', refusedParameters: [a], endpoints: [chat]";
    assert.deepEqual(problemsOf(`preset: groq, ${lines}, streamUsage: true`), [
      "providers[0].preset: is only for the dialect openai-compatible",
      "providers[0].refusedParameters: is only for the dialect openai-compatible",
      "providers[0].streamUsage: is only for the dialect openai-compatible",
      "providers[0].endpoints: is only for the dialect openai-compatible",
    ]);
  });
});

describe("refusedParameters", () => {
  it("may not name what a request is, or what bounds its cost", () => {
    for (const name of ["model", "messages", "prompt", "input", "stream", "max_tokens", "n", "best_of"]) {
      assert.deepEqual(problemsOf(`preset: vllm, refusedParameters: [${name}]`), [
        "providers[0].refusedParameters[0]: is no field that can be left out",
      ]);
    }
    assert.match(problemsOf("preset: vllm, refusedParameters: [stream_options]").join(), /say streamUsage: false/);
  });
});

describe("refusedParameters of a model", () => {
  const fileWith = (field: string): string =>
    `providers: [{id: x, dialect: gemini, baseUrl: "https://x.example", models: [{name: m, refusedParameters: [${field}]}]}]`;

  it("are taken for any dialect, but for what a request is and for its limits", () => {
    const [model] = makeDeployment(parseWaybillFile(fileWith("temperature"), "a file"), "").models;
    assert.deepEqual(model?.refusedParameters, ["temperature"]);
    for (const name of ["messages", "max_tokens", "max_completion_tokens", "max_output_tokens", "stream"]) {
      assert.throws(() => parseWaybillFile(fileWith(name), "a file"), /refusedParameters/, name);
    }
  });
});
