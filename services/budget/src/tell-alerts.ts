// THE STORY after an alert is raised: the bus is told until its stream has it, and each webhook until it has answered or is given up.
// Both are at least once, under the alert's id.
import type { RaisedAlert } from "./core/cloud-event.ts";
import { type NextTry, nextTry, type WebhookAnswer } from "./core/webhook-plan.ts";

export interface AlertOutbox {
  unpublished(): Promise<readonly RaisedAlert[]>;
  setPublished(ids: readonly string[]): Promise<void>;
  /** False: not stored, or nobody knows. */
  publish(alert: RaisedAlert): Promise<boolean>;
}

/** True: there may be more. */
export async function publishAlerts({ unpublished, publish, setPublished }: AlertOutbox): Promise<boolean> {
  const waiting = await unpublished();
  if (waiting.length === 0) return false;
  const stored = await Promise.all(waiting.map(publish));
  const published = waiting.filter((_, n) => stored[n]);
  await setPublished(published.map(({ id }) => id));
  return published.length > 0;
}

/** What one webhook is to be told now. */
interface DueDelivery {
  alert: RaisedAlert;
  webhookId: string;
  url: string;
  salt: string;
  /** With this one. */
  tries: number;
}

export interface WebhookPost {
  /** At most one for each webhook; nobody else is given the same for a while, and if this process dies, somebody is. */
  take(): Promise<readonly DueDelivery[]>;
  send(delivery: DueDelivery): Promise<WebhookAnswer>;
  note(delivery: DueDelivery, answer: WebhookAnswer, next: NextTry): Promise<void>;
  /** 0 to 1. */
  chance(): number;
  onTried(next: NextTry["kind"]): void;
}

/** True: there may be more. */
export async function deliverAlerts({ take, send, note, chance, onTried }: WebhookPost): Promise<boolean> {
  const due = await take();
  await Promise.all(
    due.map(async (delivery) => {
      const answer = await send(delivery);
      const next = nextTry(delivery.tries, answer, chance());
      await note(delivery, answer, next);
      onTried(next.kind);
    }),
  );
  return due.length > 0;
}
