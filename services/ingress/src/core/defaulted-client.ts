// A client whose request said no limit of output tokens, so that its key's default holds: every head says so.
import type { WaybillError } from "@waybill/domain";
import type { AnswerHead, Client } from "../ports.ts";
import { PassingClient } from "./passing-client.ts";

export class DefaultedClient extends PassingClient {
  readonly #tokens: number;

  constructor(client: Client, maxOutputTokensDefault: number) {
    super(client);
    this.#tokens = maxOutputTokensDefault;
  }

  override answer(head: AnswerHead, status: number, contentType: string, body: Buffer[], costUsd: string): void {
    super.answer(this.#with(head), status, contentType, body, costUsd);
  }

  override stream(head: AnswerHead, bytes: Uint8Array): void {
    super.stream(this.#with(head), bytes);
  }

  override fail(error: WaybillError, head?: AnswerHead): void {
    super.fail(error, head && this.#with(head));
  }

  #with(head: AnswerHead): AnswerHead {
    return { ...head, maxOutputTokensDefault: this.#tokens };
  }
}
