// Signatures of reasoning name their maker while they travel, where a client may bring them back to another provider: one that is
// asked to go on with another's refuses the whole request. Claude's are the same wherever Claude runs and go without a tag.

type Maker = "gemini";

/** No signature has it: they are base64. */
const SEPARATOR = ".";

export function tagSignature(maker: Maker, signature: string): string {
  return `${maker}${SEPARATOR}${signature}`;
}

/** What the maker itself wrote; empty: it is another's. `undefined` as the maker: of a signature without a tag. */
export function signatureOf(maker: Maker | undefined, tagged: string): string {
  const at = tagged.indexOf(SEPARATOR);
  if (maker === undefined) return at < 0 ? tagged : "";
  return tagged.slice(0, at) === maker ? tagged.slice(at + 1) : "";
}
