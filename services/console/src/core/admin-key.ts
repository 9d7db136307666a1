// An admin key as people hold it: `wba_<public id>_<secret>`.
import type { PresentedKey } from "@waybill/domain";

const ADMIN_KEY = /^wba_([A-Za-z0-9]{4,64})_([A-Za-z0-9_-]{16,128})$/;

/** Splits an admin key, or undefined when the text has another form. */
export function parseAdminKey(text: string): PresentedKey | undefined {
  const match = ADMIN_KEY.exec(text);
  return match?.[1] && match[2] ? { keyId: match[1], secret: match[2] } : undefined;
}
