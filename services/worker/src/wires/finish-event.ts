// The event that says how a choice of an answer ended, from the provider's word for it.
import { type AnswerEvent, type FinishReason, readFinishWord } from "@waybill/surfaces";

/** Whether a word says that the answer broke off, and so is none. */
export function isBrokenOff(word: string): boolean {
  return word !== "" && readFinishWord(word) === "broken";
}

/** None where nothing was said. `own`: words that this format alone has, or means otherwise than all others. */
export function finishEvents(
  choice: number,
  word: string,
  { own, stopSequence = "" }: { own?: ReadonlyMap<string, FinishReason>; stopSequence?: string } = {},
): AnswerEvent[] {
  if (word === "") return [];
  const reason = own?.get(word) ?? readFinishWord(word);
  if (reason === "broken") return [{ kind: "broken", choice, said: word }];
  return [{ kind: "finish", choice, reason, stopSequence }];
}
