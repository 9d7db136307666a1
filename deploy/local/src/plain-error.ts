// The error a person reads: one sentence on what is wrong and what to do next. The command line prints it without a stack.

export class PlainError extends Error {
  override readonly name = "PlainError";
}
