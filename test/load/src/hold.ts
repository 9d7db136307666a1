// `npm run bench -- --hold`: what the path of a request holds: bodies of many sizes, many open streams, clients that are a burden.

import type { Bench } from "./bench.ts";
import { type Books, checkBooks } from "./check-books.ts";
import { type BodySize, measureBodySizes } from "./phases/body-sizes.ts";
import { type Burden, measureBurdens } from "./phases/burdens.ts";
import { measureOpenStreams, type OpenStreams } from "./phases/open-streams.ts";

export interface HoldResults {
  readonly bodySizes: readonly BodySize[];
  readonly openStreams: readonly OpenStreams[];
  readonly burdens: readonly Burden[];
  readonly books: Books;
}

export async function measureHold(bench: Bench, say: (line: string) => void): Promise<HoldResults> {
  say("bodies of 1 to 400 KB, plain and streamed");
  const bodySizes = await measureBodySizes(bench);
  say(`up to ${bench.options.clients} open streams`);
  const openStreams = await measureOpenStreams(bench);
  say(`${bench.options.clients} slow readers, then as many disconnects within a second`);
  const burdens = await measureBurdens(bench);
  await bench.waybill.settled();
  return { bodySizes, openStreams, burdens, books: await checkBooks(bench.waybill.stack, bench.providerCalls) };
}
