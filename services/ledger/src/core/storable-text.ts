// Free text as the books keep it.

const TEXT_CHARS_MAX = 512;

/** Postgres stores every text but NUL; what is too long is cut, never in the middle of a character. */
export function storable(text: string): string {
  const clean = text.includes("\0") ? text.replaceAll("\0", "\uFFFD") : text;
  if (clean.length <= TEXT_CHARS_MAX) return clean;
  const cut = clean.slice(0, TEXT_CHARS_MAX);
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut;
}
