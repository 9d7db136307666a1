// The ingress's two connections to NATS, and the promise that its streams exist whenever it is connected.
import { connectBus, declareStream, type NatsConnection, serverCaveat } from "@waybill/bus";
import type { Secret, ServiceScope } from "@waybill/service";
import { STREAMS } from "@waybill/wire";

export interface IngressBusConfig {
  NATS_URL: string;
  NATS_USER: string;
  NATS_PASSWORD: Secret;
}

export interface IngressBus {
  /** Claims, waybills, usage, watches. */
  readonly control: NatsConnection;
  /** Reply frames only: a server that cuts a slow reader of tokens leaves control alone. */
  readonly tokens: NatsConnection;
  /** False from the moment the connection is lost until the streams are declared again. */
  isConnected(): boolean;
}

/** Connects; `onBack` is called after every reconnect, before requests are served again. */
export async function connectIngressBus(
  config: IngressBusConfig,
  { serviceId, log, health, onStop }: ServiceScope,
  onBack: () => void,
): Promise<IngressBus> {
  const ready = health.condition("nats", `cannot reach ${config.NATS_URL}`);
  const options = {
    url: config.NATS_URL,
    user: config.NATS_USER,
    password: config.NATS_PASSWORD.reveal(),
    service: "ingress" as const,
    onProblem: (detail: string) => log.warn({ detail }, "nats"),
  };
  let isConnected = false;
  // WORK lives in memory: after a restart of a single server it is gone and must be declared anew.
  const declare = async (control: NatsConnection): Promise<void> => {
    await declareStream(control, STREAMS.work);
    await declareStream(control, STREAMS.usage);
    onBack();
    isConnected = true;
    ready.set(true);
  };
  const declareUntilDone = async (control: NatsConnection): Promise<void> => {
    while (!isConnected && !control.isClosed()) {
      try {
        await declare(control);
      } catch (error) {
        log.warn({ err: error }, "cannot declare streams yet");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  };
  const control = await connectBus({
    ...options,
    name: `${serviceId} control`,
    onConnected(isBack) {
      isConnected = false;
      ready.set(false, `lost the connection to ${config.NATS_URL}`);
      if (isBack) void declareUntilDone(control);
    },
  });
  onStop("nats control", () => control.close());
  const tokens = await connectBus({ ...options, name: `${serviceId} tokens` });
  onStop("nats tokens", () => tokens.close());
  await declareUntilDone(control);
  const caveat = serverCaveat(control);
  if (caveat) log.warn(caveat);
  return { control, tokens, isConnected: () => isConnected };
}

const RETRY_MS = 250;
