// The surfaces by name, as waybills and metrics carry them.

export const SURFACE_NAMES = [
  "openai-chat",
  "openai-responses",
  "openai-completions",
  "openai-embeddings",
  "anthropic-messages",
] as const;

export type SurfaceName = (typeof SURFACE_NAMES)[number];
