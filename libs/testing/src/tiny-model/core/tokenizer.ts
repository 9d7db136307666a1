// Byte-pair encoding as llama2.c and SentencePiece do it. The file: int32 longest token, then for each token its
// float32 score, int32 length and bytes.

/** Begins every sequence; where the model writes it, the text is over. */
export const BOS = 1;
export const EOS = 2;
/** The tokens of single bytes follow <unk>, BOS and EOS. */
const FIRST_BYTE_TOKEN = 3;
const BYTE_TOKENS = 256;

export class Tokenizer {
  readonly #texts: readonly string[];
  readonly #bytes: readonly Uint8Array[];
  readonly #scores: readonly number[];
  readonly #ids = new Map<string, number>();

  /** Throws when the bytes are not a tokenizer of that many tokens. */
  constructor(file: Uint8Array, vocabulary: number) {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const texts: string[] = [];
    const bytes: Uint8Array[] = [];
    const scores: number[] = [];
    let at = 4;
    for (let id = 0; id < vocabulary; id++) {
      const length = view.getInt32(at + 4, true);
      const piece = file.subarray(at + 8, at + 8 + length);
      scores.push(view.getFloat32(at, true));
      texts.push(new TextDecoder().decode(piece));
      bytes.push(isByteToken(id) ? Uint8Array.of(id - FIRST_BYTE_TOKEN) : piece);
      at += 8 + length;
    }
    if (at !== file.byteLength) throw new Error(`the tokenizer should have ${at} bytes, it has ${file.byteLength}`);
    this.#texts = texts;
    this.#bytes = bytes;
    this.#scores = scores;
    for (const [id, text] of texts.entries()) if (!this.#ids.has(text)) this.#ids.set(text, id);
  }

  /** BOS and the tokens of the text, which SentencePiece begins with a blank. */
  encode(text: string): number[] {
    if (text === "") return [BOS];
    const ids: number[] = [];
    for (const character of ` ${text}`) {
      const id = this.#ids.get(character);
      if (id !== undefined) ids.push(id);
      else for (const byte of new TextEncoder().encode(character)) ids.push(byte + FIRST_BYTE_TOKEN);
    }
    for (;;) {
      const best = this.#bestMerge(ids);
      if (best === undefined) return [BOS, ...ids];
      ids.splice(best.at, 2, best.id);
    }
  }

  /** The bytes of a token; they may be part of a character. `first` drops the blank that encode put in. */
  decode(id: number, first = false): Uint8Array {
    const bytes = this.#bytes[id];
    if (bytes === undefined) throw new Error(`there is no token ${id}`);
    return first && bytes[0] === 0x20 && !isByteToken(id) ? bytes.subarray(1) : bytes;
  }

  #bestMerge(ids: readonly number[]): { readonly at: number; readonly id: number } | undefined {
    let best: { at: number; id: number } | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let at = 0; at + 1 < ids.length; at++) {
      const left = ids[at] ?? 0;
      const right = ids[at + 1] ?? 0;
      if (isByteToken(left) || isByteToken(right)) continue;
      const id = this.#ids.get(`${this.#texts[left]}${this.#texts[right]}`);
      const score = id === undefined ? undefined : this.#scores[id];
      if (id !== undefined && score !== undefined && score > bestScore) {
        bestScore = score;
        best = { at, id };
      }
    }
    return best;
  }
}

function isByteToken(id: number): boolean {
  return id >= FIRST_BYTE_TOKEN && id < FIRST_BYTE_TOKEN + BYTE_TOKENS;
}
