// The end of an ingress: nothing new comes in, what runs may finish, what is late ends with an error event and is booked.
import { type Clock, WaybillError } from "@waybill/domain";
import type { HttpServer } from "./http.ts";
import type { SurfaceRoute } from "./surface-route.ts";

const LOOK_MS = 20;
/** For the error events to reach their clients. */
const CLOSE_MS = 1_000;

/** Resolves when every request has ended, at the latest shortly after `limitMs`. */
export async function drain(
  http: HttpServer,
  route: SurfaceRoute,
  cancelAll: () => void,
  clock: Clock,
  limitMs: number,
): Promise<void> {
  route.closeAfterAnswers();
  const closed = http.close();
  const endsAtMs = clock.monotonicMs() + limitMs;
  while (route.openRequests > 0 && clock.monotonicMs() < endsAtMs) await wait(LOOK_MS);
  cancelAll();
  route.failAll(new WaybillError("draining"));
  await Promise.race([closed, wait(CLOSE_MS)]);
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
