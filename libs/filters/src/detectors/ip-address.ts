// IP addresses. Version 4 in four decimal numbers; version 6 (RFC 4291, section 2.2) with three groups at least, because `a::b` is
// also a name in many programming languages.
import { type Detector, detectBy } from "./detector.ts";

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

const version4 = detectBy({
  kind: "ip_address",
  pattern: new RegExp(`(?<![0-9A-Za-z.])${OCTET}(?:\\.${OCTET}){3}(?![0-9A-Za-z]|\\.[0-9])`, "g"),
  part: /[0-9.]/,
  reach: 18,
});

const GROUPS = 8;
const version6 = detectBy({
  kind: "ip_address",
  pattern: /(?<![0-9A-Za-z:.])[0-9A-Fa-f:]{2,39}(?![0-9A-Za-z:])/g,
  part: /[0-9A-Fa-f:]/,
  reach: 42,
  isValid: isVersion6,
});

export const ipAddress: readonly Detector[] = [version4, version6];

function isVersion6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (groups.some((group) => !/^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length >= 3 && groups.length < GROUPS : groups.length === GROUPS;
}
