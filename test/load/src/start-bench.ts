// Starts everything a run needs, and ends it in reverse.

import type { TestFolder } from "@waybill/testing";
import type { Bench } from "./bench.ts";
import { startGenerator } from "./generator/start-generator.ts";
import type { BenchOptions } from "./options.ts";
import { startPortkey } from "./parts/portkey.ts";
import { startProvider } from "./parts/scripted-provider.ts";
import { startWaybill } from "./parts/waybill.ts";

export async function startBench(
  options: BenchOptions,
  folder: TestFolder,
  nodeOptions: string,
  say: (line: string) => void,
): Promise<Bench & AsyncDisposable> {
  const closers: (() => unknown)[] = [() => folder.remove()];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    say("starting the provider, the Portkey gateway and the load generator");
    const provider = await startProvider(folder.path);
    closers.push(() => provider.stop());
    const portkey = await startPortkey(provider.url, folder.path);
    closers.push(() => portkey.stop());
    const generator = await startGenerator();
    closers.push(() => generator.stop());
    say("starting Waybill: NATS, Postgres, five services");
    const quietProvider = await startProvider(folder.path);
    closers.push(() => quietProvider.stop());
    const waybill = await startWaybill({ scripted: provider.url, quiet: quietProvider.url }, nodeOptions);
    closers.push(() => waybill[Symbol.asyncDispose]());
    return {
      options,
      generator,
      provider,
      waybill,
      portkey,
      quietProvider,
      providerCalls: 0,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
