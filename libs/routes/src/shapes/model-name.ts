// A model's name as a provider and what the provider calls it. The first slash parts them: workers-ai/@cf/meta/llama-3.1-8b-instruct.

/** `provider` is undefined for an alias or a bare name. */
export function splitModelName(name: string): { provider: string | undefined; model: string } {
  const slash = name.indexOf("/");
  if (slash <= 0 || slash === name.length - 1) return { provider: undefined, model: name };
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}
