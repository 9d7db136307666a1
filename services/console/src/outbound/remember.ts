// Answers that are remembered for a short time: admin keys and organisations are asked for with every request.

export interface RememberOptions<T> {
  ask(name: string): Promise<T>;
  /** How old an answer may be. */
  ageMsMax: number;
  entriesMax: number;
  monotonicMs(): number;
}

/** The same question twice within the age is asked once; a failure is never remembered. */
export function remember<T>({
  ask,
  ageMsMax,
  entriesMax,
  monotonicMs,
}: RememberOptions<T>): (name: string) => Promise<T> {
  const answers = new Map<string, { askedAtMs: number; answer: Promise<T> }>();
  return (name) => {
    const known = answers.get(name);
    if (known && monotonicMs() - known.askedAtMs < ageMsMax) return known.answer;
    answers.delete(name);
    const oldest = answers.keys().next();
    if (answers.size >= entriesMax && !oldest.done) answers.delete(oldest.value);
    const answer = ask(name);
    const entry = { askedAtMs: monotonicMs(), answer };
    answers.set(name, entry);
    answer.catch(() => {
      if (answers.get(name) === entry) answers.delete(name);
    });
    return answer;
  };
}
