// The two connections of a worker: one for frames, one for everything that must not wait behind them.
import { connectBus, type NatsConnection } from "@waybill/bus";
import type { Log } from "@waybill/service";
import { FrameLink } from "./reply.ts";

export type LinkName = "frames" | "control";

export interface LinkOptions {
  url: string;
  user: string;
  password: string;
  workerId: string;
  log: Log;
  /** One of the two is back after a break, or has broken. */
  onChange(name: LinkName, isUp: boolean): void;
}

export interface Links {
  frames: FrameLink;
  control: NatsConnection;
  isControlUp(): boolean;
  /** Both of them. */
  areUp(): boolean;
  close(): Promise<void>;
}

/** Waits for the first connection for as long as it takes. */
export async function openLinks({ url, user, password, workerId, log, onChange }: LinkOptions): Promise<Links> {
  const up = { frames: true, control: true };
  const connect = (name: LinkName): Promise<NatsConnection> =>
    connectBus({
      url,
      user,
      password,
      service: "worker",
      name: `${workerId} ${name}`,
      onConnected(isUp) {
        up[name] = isUp;
        log.warn({ link: name }, isUp ? "connected to NATS again" : "the connection to NATS is lost");
        onChange(name, isUp);
      },
      onProblem: (detail) => log.warn({ link: name, detail }, "NATS reports a problem"),
    });
  const [frames, control] = await Promise.all([connect("frames"), connect("control")]);
  return {
    frames: new FrameLink(frames, () => up.frames),
    control,
    isControlUp: () => up.control,
    areUp: () => up.control && up.frames,
    async close() {
      // What was queued in this turn still goes.
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.allSettled([frames.drain(), control.drain()]);
    },
  };
}
