// Social security numbers of the United States, in their written form only: nine bare digits are far more often something else.
// Never given: areas 000, 666 and 900 to 999, group 00, serial 0000 (https://www.ssa.gov/employer/randomizationfaqs.html).
import { detectBy } from "./detector.ts";

export const usSsn = detectBy({
  kind: "us_ssn",
  pattern: /(?<![0-9A-Za-z-])(?!000|666|9)[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9A-Za-z]|-[0-9])/g,
  part: /[0-9 -]/,
  reach: 14,
});
