// The seed's table of use cases, each row as a route.
import { autoPreset } from "./auto-preset.ts";

export const SUPPORT_PAID = autoPreset({
  name: "support-paid",
  title: "Customer support, paid tier",
  description: "The best answer, whatever it costs.",
  mode: "quality",
  models: ["openai/gpt-4.1", "anthropic/claude-sonnet-4-5"],
  seedSaving: "0% (baseline)",
});

export const SUPPORT_FREE = autoPreset({
  name: "support-free",
  title: "Customer support, free tier",
  description: "The cheapest of the small models that answers nearly as well as the best of them.",
  mode: "balanced",
  models: ["openai/gpt-4.1-mini", "anthropic/claude-haiku-4-5"],
  seedSaving: "60-70%",
});

export const BATCH_SUMMARISING = autoPreset({
  name: "batch-summarising",
  title: "Batch summarisation",
  description: "Many texts, none of them urgent: the cheapest model that is good enough.",
  mode: "cost",
  models: ["openai/gpt-4.1-nano", "openai/gpt-4.1-mini"],
  seedSaving: "80-90%",
});

export const CLASSIFICATION = autoPreset({
  name: "classification",
  title: "Internal data classification",
  description: "Short answers to short questions, where a small model is right almost as often.",
  mode: "balanced",
  models: ["openai/gpt-4.1-mini", "openai/gpt-4.1-nano"],
  seedSaving: "50-60%",
});

export const REASONING = autoPreset({
  name: "reasoning",
  title: "Complex reasoning",
  description: "Hard questions for the strongest models; quality alone decides.",
  mode: "quality",
  models: ["openai/gpt-5", "anthropic/claude-opus-4-1"],
  seedSaving: "0% (quality focus)",
});
