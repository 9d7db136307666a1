// A small GET on loopback, for asking processes whether they are ready.

import { get } from "node:http";

/** Undefined when nobody answers within `limitMs`. The body is cut at 64 KiB. */
export function httpGet(url: string, limitMs: number): Promise<{ status: number; body: string } | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: limitMs, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        if (body.length < bodyMax) body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}

const bodyMax = 65_536;
