// What counts as a token here: about four characters, as real tokenizers have it for English. Plausible, not exact.

/** Bytes of UTF-8 per input token. */
export const BYTES_PER_TOKEN = 4;
const LONGEST_TOKEN = 6;
const pieces = new RegExp(`\\s*\\S{1,${LONGEST_TOKEN}}|\\s+$`, "gu");

/** Cuts a text into its tokens; joined they are the text again. */
export function toTokens(text: string): string[] {
  return text.match(pieces) ?? [];
}

/** Tokens of a text of this many bytes of UTF-8. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
