// What really reaches a provider: a small HTTP server between workers and the scripted provider that keeps every body it passes on.
import { request as ask, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Recorder extends AsyncDisposable {
  /** Bodies as they came, in order. */
  readonly bodies: readonly string[];
  /** Lets calls go on to the provider at this URL; returns where to send them. */
  before(url: string): string;
}

export async function startRecorder(): Promise<Recorder> {
  const bodies: string[] = [];
  let target = "";
  const server = createServer((incoming, outgoing) => {
    const pieces: Buffer[] = [];
    incoming.on("data", (piece: Buffer) => pieces.push(piece));
    incoming.on("end", () => {
      const body = Buffer.concat(pieces);
      bodies.push(body.toString("utf8"));
      const { method, url, headers } = incoming;
      const call = ask(new URL(url ?? "/", target), { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      call.on("error", () => outgoing.destroy());
      outgoing.on("close", () => call.destroy());
      call.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    bodies,
    before(url) {
      target = new URL(url).origin;
      return url.replace(target, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
