// Finds the scripted provider's stamps in a stream's bytes, also where one falls on the border of two pieces.

export interface Stamp {
  /** When the provider wrote the chunk, on this machine's monotonic clock. */
  readonly sentNs: bigint;
  /** Which content chunk of the stream it is, from 1; 0 for the role chunk, the finish and usage. */
  readonly content: number;
}

const STAMP = /"x_sent_ns":"(\d+)"/g;
/** In the middle of an event as the scripted provider writes it; the role chunk has `"role"` before it. */
const CONTENT = '"delta":{"content":';
/** Longer than this an unfinished event is not from the scripted provider. */
const CARRY_MAX = 16_384;

export class StampReader {
  #carry = "";
  #content = 0;

  read(piece: Buffer): Stamp[] {
    const text = this.#carry + piece.toString("latin1");
    const found: Stamp[] = [];
    let from = 0;
    for (const match of text.matchAll(STAMP)) {
      const isContent = text.slice(from, match.index).includes(CONTENT);
      if (isContent) this.#content += 1;
      found.push({ sentNs: BigInt(match[1] ?? 0), content: isContent ? this.#content : 0 });
      from = match.index + match[0].length;
    }
    this.#carry = text.slice(from).slice(-CARRY_MAX);
    return found;
  }
}
