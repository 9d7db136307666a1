// A llama2.c checkpoint in its legacy format: seven int32 (dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size,
// seq_len), then all weights as little-endian float32 in a fixed order.

export interface Shape {
  readonly dim: number;
  readonly hiddenDim: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly vocabulary: number;
  readonly context: number;
}

interface Weights {
  readonly tokenEmbedding: Float32Array;
  readonly attentionNorm: readonly Float32Array[];
  readonly query: readonly Float32Array[];
  readonly key: readonly Float32Array[];
  readonly value: readonly Float32Array[];
  readonly attentionOut: readonly Float32Array[];
  readonly feedNorm: readonly Float32Array[];
  readonly gate: readonly Float32Array[];
  readonly down: readonly Float32Array[];
  readonly up: readonly Float32Array[];
  readonly finalNorm: Float32Array;
  readonly classifier: Float32Array;
}

export interface Checkpoint {
  readonly shape: Shape;
  readonly weights: Weights;
}

const HEADER_BYTES = 7 * 4;
const FLOAT_BYTES = 4;

/** Throws when the bytes are not such a checkpoint. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = (index: number) => view.getInt32(index * 4, true);
  const signedVocabulary = header(5);
  const shape: Shape = {
    dim: header(0),
    hiddenDim: header(1),
    layers: header(2),
    heads: header(3),
    kvHeads: header(4),
    vocabulary: Math.abs(signedVocabulary),
    context: header(6),
  };
  const { dim, hiddenDim, layers, vocabulary, context } = shape;
  const headDim = dim / shape.heads;
  const kvDim = headDim * shape.kvHeads;
  let at = HEADER_BYTES;
  const take = (floats: number): Float32Array => {
    const taken = new Float32Array(floats);
    for (let index = 0; index < floats; index++) taken[index] = view.getFloat32(at + index * FLOAT_BYTES, true);
    at += floats * FLOAT_BYTES;
    return taken;
  };
  const takeLayers = (floats: number): Float32Array[] => Array.from({ length: layers }, () => take(floats));
  const tokenEmbedding = take(vocabulary * dim);
  const layered = {
    attentionNorm: takeLayers(dim),
    query: takeLayers(dim * dim),
    key: takeLayers(dim * kvDim),
    value: takeLayers(dim * kvDim),
    attentionOut: takeLayers(dim * dim),
    feedNorm: takeLayers(dim),
    gate: takeLayers(dim * hiddenDim),
    down: takeLayers(hiddenDim * dim),
    up: takeLayers(dim * hiddenDim),
  };
  const finalNorm = take(dim);
  // Tables of the rotation's sines and cosines, which the forward pass computes for itself.
  at += context * headDim * FLOAT_BYTES;
  // A negative vocabulary size in the header means a classifier of its own; else it is the embedding.
  const classifier = signedVocabulary < 0 ? take(vocabulary * dim) : tokenEmbedding;
  if (at !== bytes.byteLength) throw new Error(`the checkpoint should have ${at} bytes, it has ${bytes.byteLength}`);
  return { shape, weights: { tokenEmbedding, ...layered, finalNorm, classifier } };
}
