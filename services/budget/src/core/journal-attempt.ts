// What a holder cut from its grants for one attempt, told a little later.
import type { Books } from "./books.ts";
import { addLine } from "./hold-line.ts";
import type { Answer, JournalAttempt } from "./operation.ts";

/** Opens the attempt's holds. Does nothing where they are known; where the attempt has a record they open as settled. */
export function journalAttempt(books: Books, journal: JournalAttempt, nowMs: number): Answer {
  for (const line of journal.lines) {
    const problem = books.problemOf(line);
    if (problem !== undefined) return { kind: "impossible", reason: problem };
  }
  const settled = books.recordsOf(journal.attemptId).length > 0;
  const known = books.holdsOf(journal.attemptId).length;
  const { attemptId, holder, message } = journal;
  const owner = { attemptId, holder, message, expiresAtMs: nowMs + journal.holdLifeMs };
  for (const line of journal.lines) addLine(books, owner, line, nowMs, settled);
  return { kind: "done", changed: books.holdsOf(journal.attemptId).length > known };
}
