// Addresses of e-mail in ASCII, as RFC 5321 bounds them: 64 characters before the @, 254 in all. Quoted local parts, which nobody has,
// and addresses in other scripts are not found.
import { beforeLastRun, type Detector } from "./detector.ts";

const LOCAL_CHARACTERS_MAX = 64;
const ADDRESS_CHARACTERS_MAX = 254;
/** Without what RFC 5322 allows and only prose and code put before an address: quotes, slashes, an equals sign. */
const LOCAL = /[A-Za-z0-9._%+-]/;
const PART = /[A-Za-z0-9._%+@-]/;
/** From what stands behind the @. */
const DOMAIN = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(?![A-Za-z0-9-])/;

export const email: Detector = {
  kind: "email",
  find(text, from) {
    for (let at = text.indexOf("@", from); at >= 0; at = text.indexOf("@", at + 1)) {
      const start = localStart(text, at);
      if (start === undefined || start < from) continue;
      const domain = DOMAIN.exec(text.slice(at + 1, at + 1 + ADDRESS_CHARACTERS_MAX))?.[0];
      if (domain === undefined) continue;
      const end = at + 1 + domain.length;
      if (end - start <= ADDRESS_CHARACTERS_MAX) return { kind: "email", start, end };
    }
    return undefined;
  },
  settled: (text) => beforeLastRun(text, PART, LOCAL_CHARACTERS_MAX + 2 + ADDRESS_CHARACTERS_MAX),
};

/** Undefined: what stands before the @ is no local part. */
function localStart(text: string, at: number): number | undefined {
  let start = at;
  const least = Math.max(0, at - LOCAL_CHARACTERS_MAX);
  while (start > least && LOCAL.test(text.charAt(start - 1))) start -= 1;
  if (start > 0 && LOCAL.test(text.charAt(start - 1))) return undefined;
  while (start < at && !/[A-Za-z0-9_]/.test(text.charAt(start))) start += 1;
  const local = text.slice(start, at);
  return local === "" || local.includes("..") || local.endsWith(".") ? undefined : start;
}
