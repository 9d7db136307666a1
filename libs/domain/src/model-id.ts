// Names of models: `<provider>/<model>` for people, escaped tokens for subjects and consumers.

/** A model of the catalogue. */
export interface ModelId {
  provider: string;
  model: string;
}

/** Parses `<provider>/<model>`; the model part may hold further slashes. Undefined when there is no provider part. */
export function parseModelId(text: string): ModelId | undefined {
  const slash = text.indexOf("/");
  if (slash <= 0 || slash === text.length - 1) return undefined;
  return { provider: text.slice(0, slash), model: text.slice(slash + 1) };
}

/** `<provider>/<model>`. */
export function formatModelId(id: ModelId): string {
  return `${id.provider}/${id.model}`;
}

/**
 * Text as one token of a NATS subject or consumer name: anything but letters, digits and `-` becomes `_` and two hex
 * digits per UTF-8 byte ("gpt-4.1" -> "gpt-4_2E1"). Injective, so two names never share a subject.
 */
export function subjectToken(text: string): string {
  return text.replace(/[^A-Za-z0-9-]/gu, (character) => {
    let escaped = "";
    for (const byte of new TextEncoder().encode(character)) {
      escaped += `_${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }
    return escaped;
  });
}
