// A client that passes everything on to another: what has something to say about answers changes what it must and leaves the rest.
import type { WaybillError } from "@waybill/domain";
import type { AnswerHead, Client, GoneReason } from "../ports.ts";

export abstract class PassingClient implements Client {
  protected readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  get isGone(): boolean {
    return this.client.isGone;
  }

  get hasContent(): boolean {
    return this.client.hasContent;
  }

  rename(requestId: string): void {
    this.client.rename(requestId);
  }

  onGone(listener: (reason: GoneReason) => void): void {
    this.client.onGone(listener);
  }

  answer(head: AnswerHead, status: number, contentType: string, body: Buffer[], costUsd: string): void {
    this.client.answer(head, status, contentType, body, costUsd);
  }

  stream(head: AnswerHead, bytes: Uint8Array): void {
    this.client.stream(head, bytes);
  }

  stoppedEarly(): void {
    this.client.stoppedEarly();
  }

  endStream(): void {
    this.client.endStream();
  }

  fail(error: WaybillError, head?: AnswerHead): void {
    this.client.fail(error, head);
  }
}
