// Whether a body asks its provider to send it on to whom it likes. Some providers are gateways themselves: another model or another
// host answers, at a price of its own. https://openrouter.ai/docs/guides/routing , LiteLLM's proxy has `fallbacks`.

const ROUTING_FIELDS = ["models", "fallbacks", "route", "provider", "preset"];

/** True when the price of the model that was asked may not be the one that is paid. */
export function asksElsewhere(value: Record<string, unknown>): boolean {
  return ROUTING_FIELDS.some((name) => value[name] !== undefined && value[name] !== null);
}
