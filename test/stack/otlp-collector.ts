// A collector that takes OTLP over HTTP in JSON and keeps every byte that it is sent.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface OtlpCollector {
  readonly url: string;
  /** Bodies as they came, traces and whatever else. */
  readonly bodies: readonly string[];
  /** Settings of a service that sends here, soon after each span's end. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): void;
}

export async function startOtlpCollector(): Promise<OtlpCollector> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      bodies.push(Buffer.concat(pieces).toString());
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    bodies,
    settings: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "200",
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
