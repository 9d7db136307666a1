// Telephone numbers: international ones with their + (ITU-T E.164: at most 15 digits, here at least 8), and North American ones with
// separators. Other national forms look like too many other things.
import { detectBy } from "./detector.ts";

const INTERNATIONAL = /(?<![0-9A-Za-z+])\+[1-9](?:[ ./()-]{0,2}[0-9]){7,14}(?![0-9])/;
/** Area and exchange begin with 2 to 9 (https://www.nanpa.com/numbering). */
const NORTH_AMERICAN =
  /(?<![0-9A-Za-z+.-])(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}(?![0-9A-Za-z]|[.-][0-9])/;

export const phone = detectBy({
  kind: "phone",
  pattern: new RegExp(`${INTERNATIONAL.source}|${NORTH_AMERICAN.source}`, "g"),
  part: /[0-9 ./()+-]/,
  reach: 48,
});
