// Where Cloudflare's dynamic routing lies under this server: the account is an organisation, the one gateway is called `default`.
import { WaybillError } from "@waybill/domain";

export const CLOUDFLARE_PATH = "/client/v4";
export const ROUTES_PATH = `${CLOUDFLARE_PATH}/accounts/{account_id}/ai-gateway/gateways/{gateway_id}/routes`;
export const TAG = "cloudflare" as const;

const GATEWAY = "default";

/** The envelope of one object. */
export function done<T>(result: T): { success: true; errors: unknown[]; messages: unknown[]; result: T } {
  return { success: true, errors: [], messages: [], result };
}

/** Throws not_found for another gateway. */
export function requireGateway({ gateway_id }: { gateway_id: string }): void {
  if (gateway_id !== GATEWAY) throw new WaybillError("not_found", { publicMessage: "There is no such gateway." });
}

/** A version's number from its id. Throws not_found. */
export function versionOf(versionId: string | number): number {
  const version = /^[1-9]\d{0,9}$/.test(String(versionId)) ? Number(versionId) : 0;
  if (version === 0 || version > 2 ** 31 - 1) {
    throw new WaybillError("not_found", { publicMessage: "There is no such version." });
  }
  return version;
}
