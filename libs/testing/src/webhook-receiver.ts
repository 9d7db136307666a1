// A receiver of webhooks as somebody would write it: it answers, and remembers what it was told. Signatures are for the test to verify.
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";

interface CloudEvent {
  id: string;
  type: string;
  subject?: string;
  time: string;
  data: Record<string, unknown>;
}

export interface WebhookReceiver extends AsyncDisposable {
  readonly url: string;
  readonly told: readonly { headers: IncomingHttpHeaders; body: string }[];
  /** What it answers next to a body that contains `answersTo`, in order; then, and to others, 204. */
  answers: number[];
  answersTo: string;
  /** What it was told so far, each verified with Standard Webhooks' own library. Throws where a signature is not right. */
  verified(secret: string): CloudEvent[];
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const told: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      told.push({ headers: request.headers, body });
      const status = body.includes(receiver.answersTo) ? receiver.answers.shift() : undefined;
      response.writeHead(status ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/waybill`,
    told,
    answers: [],
    answersTo: "",
    verified: (secret) =>
      told.map(
        ({ headers, body }) => new Webhook(secret).verify(body, headers as Record<string, string>) as CloudEvent,
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
