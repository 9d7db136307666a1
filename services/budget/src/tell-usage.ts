// THE STORY of a webhook that is told of what is booked: batch after batch, each until it was taken, from a place that is kept.
// At least once: whoever dies in between leaves the batch to the next one, and no other webhook waits for it.
import { type NextTry, nextTry, type WebhookAnswer } from "./core/webhook-plan.ts";

/** A webhook that is to be told what comes behind its place. */
export interface Follower {
  webhookId: string;
  organisationId: string;
  url: string;
  salt: string;
  /** As the ledger gave it; empty: with what was booked at `fromMs` or later. */
  place: string;
  fromMs: number;
  /** The same as the database writes it. */
  fromAt: string;
  /** Of the batch behind its place, so far. */
  tries: number;
}

/** What was booked behind a place. */
export interface Batch {
  /** CloudEvents as JSON text; there may be none for this webhook although `next` lies further on. */
  events: readonly string[];
  next: string;
  more: boolean;
}

export interface UsagePost {
  /** What was booked, from the ledger; rejects where none answers. */
  read(follower: Follower): Promise<Batch>;
  /** False: another process is telling it, or its place was moved. */
  lease(follower: Follower): Promise<boolean>;
  send(follower: Follower, batch: Batch): Promise<WebhookAnswer>;
  /** Its place is behind this batch; `delivered`: how many events it took. False: its place was moved meanwhile. */
  moveOn(follower: Follower, next: string, delivered: number): Promise<boolean>;
  /** It is told again after so long, or stops until somebody starts it again. */
  putOff(follower: Follower, answer: WebhookAnswer, next: NextTry): Promise<void>;
  /** 0 to 1. */
  chance(): number;
  onTried(next: NextTry["kind"]): void;
}

/** Tells one webhook what waits for it; ends when there is no more, or it did not take a batch. */
export async function tellFollower(post: UsagePost, follower: Follower): Promise<void> {
  let at = follower;
  for (;;) {
    const batch = await post.read(at);
    if (batch.events.length > 0) {
      if (!(await post.lease(at))) return;
      const answer = await post.send(at, batch);
      const next = nextTry(at.tries + 1, answer, post.chance());
      post.onTried(next.kind);
      if (next.kind !== "delivered") {
        await post.putOff(at, answer, next);
        return;
      }
    }
    const isMoved = batch.next !== at.place;
    if (isMoved && !(await post.moveOn(at, batch.next, batch.events.length))) return;
    if (!batch.more) return;
    at = { ...at, place: batch.next, tries: 0 };
  }
}
