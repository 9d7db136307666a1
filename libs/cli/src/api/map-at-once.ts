// Questions about many things, some at once and never all.

/** Answers in the order of `items`; `ask` runs for at most `atOnce` of them at a time. The first failure ends it. */
export async function mapAtOnce<T, R>(items: readonly T[], atOnce: number, ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const [item] = items.slice(index, index + 1);
      if (item !== undefined) answers[index] = await ask(item);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return answers;
}
