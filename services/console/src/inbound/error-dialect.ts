// In whose words an error is told where no endpoint has taken the request: by the path alone.
import { CLOUDFLARE_PATH } from "./cloudflare/account.ts";
import type { Dialect } from "./endpoint.ts";

export function dialectOf(url: string): Dialect {
  return url.startsWith(CLOUDFLARE_PATH) ? "cloudflare" : "waybill";
}
