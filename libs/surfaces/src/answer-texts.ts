// Where a surface's answers hold what the model said, for content filters: whole answers by their fields, streams delta by delta.

export interface AnswerTexts {
  /** Top-level fields of a whole answer that hold texts. */
  readonly fields: readonly string[];
  /** Texts in the data of one event of a stream. */
  deltas(event: StreamEvent): TextDelta[];
  /** Beginnings of the names of texts that are over with this event; "" is all. */
  endedBy(event: StreamEvent): string[];
  /** Takes out of an answer, or of an event, what says the text once more in another form. True: there was something. */
  removeEchoes(answer: StreamEvent): boolean;
}

/** The parsed data of an event, or a whole answer. */
export type StreamEvent = Record<string, unknown>;

/** A piece of one of the texts of an answer. */
export interface TextDelta {
  /** Pieces of the same text have the same name; it begins with what `endedBy` says. */
  text: string;
  piece: string;
  /** The text is JSON, piece by piece. */
  isJson: boolean;
  /** The stream has said it before, piece by piece, and says it once more as a whole. */
  isAgain?: boolean;
  /** Changes the piece in its event. */
  set(piece: string): void;
  /** A whole event, in bytes of a stream, that has this piece alone. */
  alone(piece: string): string;
}
