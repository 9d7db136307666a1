// Vendors whose endpoints speak OpenAI's API, and in what they differ from it. Facts only, each with its source: what a vendor does not
// write down, and nobody has reported, is not here. What an operator's file says wins over all of it.
// The pages of vLLM, Ollama, Together and OpenRouter were read in part. Those of Groq, DeepSeek, xAI and Mistral could not be opened: what
// stands here of them is as official SDKs, copies of the pages, other gateways' pages and the named reports quote them.

export interface VendorPreset {
  baseUrl: string;
  /** NAME of the environment variable with the key; absent: none is sent. */
  keyVariable?: string;
  /** The base price catalogue's id, where the base URL does not lead to it. */
  catalogue?: string;
  /** Only for the base URL above, which is this machine's own; never for one that the operator gives. */
  allowPrivateAddress?: boolean;
  /** Top-level fields that it refuses and an answer can do without; a limit of tokens is renamed, never left out. */
  refusedParameters?: readonly string[];
  /** False: it refuses `stream_options`, and reports usage without. */
  streamUsage?: boolean;
  /** Absent: chat, completions and embeddings. */
  endpoints?: readonly Endpoint[];
}

export const ENDPOINTS = ["chat", "completions", "embeddings"] as const;
type Endpoint = (typeof ENDPOINTS)[number];

export const VENDOR_PRESETS = {
  // https://docs.vllm.ai/en/stable/serving/openai_compatible_server/ : port 8000; no key unless --api-key is given; all three endpoints;
  // `user` and `parallel_tool_calls` are ignored. An address rather than `localhost`: no resolver can lead it elsewhere.
  vllm: { baseUrl: "http://127.0.0.1:8000/v1", allowPrivateAddress: true },

  // https://docs.ollama.com/api/openai-compatibility : port 11434; no key; all three endpoints; include_usage is taken; what is not
  // listed there is ignored.
  ollama: { baseUrl: "http://127.0.0.1:11434/v1", allowPrivateAddress: true },

  groq: {
    // https://console.groq.com/docs/openai : base URL; logprobs, logit_bias and top_logprobs are answered with 400.
    // `n` above 1 is, too; it is left to Groq to refuse, as one answer is not two.
    // `metadata` and `store`: "property is unsupported", fanenr/chatbot#21, skye-harris/hass_local_openai_llm#59.
    // groq/groq-python chat_completion_chunk.py : include_usage is taken; usage stands in `x_groq.usage` as well.
    // https://docs.getbifrost.ai/providers/supported-providers/groq : there is a chat, and neither completions nor embeddings.
    baseUrl: "https://api.groq.com/openai/v1",
    keyVariable: "GROQ_API_KEY",
    refusedParameters: ["logprobs", "top_logprobs", "logit_bias", "metadata", "store"],
    endpoints: ["chat"],
  },

  deepseek: {
    // https://api-docs.deepseek.com : base URL, also with /v1; include_usage is taken. What a model that thinks cannot use, such as
    // temperature, is ignored. Completions are a beta under another base URL; there are no embeddings.
    // https://api-docs.deepseek.com/guides/kv_cache : cached input is `prompt_cache_hit_tokens`.
    baseUrl: "https://api.deepseek.com/v1",
    keyVariable: "DEEPSEEK_API_KEY",
    endpoints: ["chat"],
  },

  xai: {
    // https://docs.x.ai/docs/api-reference : base URL; all three endpoints; include_usage is taken.
    // https://docs.x.ai/docs/guides/reasoning : models that think refuse both penalties, and `stop`. The penalties are left out; `stop`
    // decides where an answer ends, so it is left to xAI to refuse.
    baseUrl: "https://api.x.ai/v1",
    keyVariable: "XAI_API_KEY",
    refusedParameters: ["presence_penalty", "frequency_penalty"],
  },

  mistral: {
    // https://docs.mistral.ai/api : base URL; the fields of a chat, as mistralai/client-python lists them. Any other is 422 "Extra inputs are not permitted"
    // (mistralai/platform-docs-public#7), stream_options.include_usage (openai/openai-agents-python#442) and max_completion_tokens
    // (editor-code-assistant/eca#231) among them; streams report usage without being asked (dnakov/anon-kode#53).
    // There are embeddings, and FIM instead of completions.
    baseUrl: "https://api.mistral.ai/v1",
    keyVariable: "MISTRAL_API_KEY",
    refusedParameters: [
      ...["max_completion_tokens", "logprobs", "top_logprobs", "logit_bias", "seed", "user", "store", "service_tier"],
      ...["safety_identifier", "prompt_cache_key", "prompt_cache_retention", "verbosity"],
    ],
    streamUsage: false,
    endpoints: ["chat", "embeddings"],
  },

  together: {
    // https://docs.together.ai/docs/inference/openai-compatibility : base URL, key and all three endpoints.
    baseUrl: "https://api.together.ai/v1",
    keyVariable: "TOGETHER_API_KEY",
    // The catalogue knows the older address, api.together.xyz.
    catalogue: "together",
  },

  openrouter: {
    // https://openrouter.ai/docs/api-reference/overview : base URL and key.
    // https://openrouter.ai/docs/client-sdks/python/components/chatstreamoptions : include_usage is taken and changes nothing, usage
    // is always there.
    // https://openrouter.ai/docs/guides/routing/model-fallbacks : another model of `models` may answer, at its own price. Which models a key
    // may use, and what they cost, is said here and not by a body, so what names others is left out.
    baseUrl: "https://openrouter.ai/api/v1",
    keyVariable: "OPENROUTER_API_KEY",
    refusedParameters: ["models", "fallbacks", "route", "preset"],
  },
} as const satisfies Record<string, VendorPreset>;

export const PRESET_NAMES = Object.keys(VENDOR_PRESETS) as (keyof typeof VENDOR_PRESETS)[];

/** What an unknown preset is taken for until it is refused by its name, so that this is the one problem that is told. */
const UNKNOWN: VendorPreset = { baseUrl: "https://unknown.invalid" };

/** A provider as written, with what its preset says wherever it says nothing itself. */
export function withPreset(given: unknown): unknown {
  if (typeof given !== "object" || given === null || !("preset" in given)) return given;
  const { preset } = given;
  const known: VendorPreset =
    typeof preset === "string" && Object.hasOwn(VENDOR_PRESETS, preset)
      ? VENDOR_PRESETS[preset as keyof typeof VENDOR_PRESETS]
      : UNKNOWN;
  const { allowPrivateAddress, ...facts } = known;
  const isOwnAddress = allowPrivateAddress === true && !("baseUrl" in given);
  return { dialect: "openai-compatible", ...facts, ...(isOwnAddress && { allowPrivateAddress }), ...given };
}
