// Every error of the catalogue in both dialects of the admin API.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ERRORS, type ErrorCode, WaybillError } from "@waybill/domain";
import { answerFailure } from "./answers.ts";
import { errorBody } from "./schemas/basics.ts";
import { cloudflareError } from "./schemas/cloudflare.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];
const DETAIL = "not for clients";

describe("a failure", () => {
  for (const code of CODES) {
    const error = new WaybillError(code, { detail: DETAIL, cause: new Error(DETAIL), param: "name" });

    it(`${code}: in our words, as the document says`, () => {
      const { status, body, headers } = answerFailure(error, "waybill");
      assert.equal(status, ERRORS[code].httpStatus);
      assert.deepEqual(errorBody.parse(body), { error: { code, message: ERRORS[code].sentence, param: "name" } });
      assert.equal("retry-after" in headers, status === 503);
      assert.ok(!JSON.stringify(body).includes(DETAIL));
    });

    it(`${code}: in Cloudflare's envelope, with a number`, () => {
      const { status, body, headers } = answerFailure(error, "cloudflare");
      assert.equal(status, ERRORS[code].httpStatus);
      const { success, errors } = cloudflareError.parse(body) as { success: boolean; errors: { code: number }[] };
      assert.deepEqual([success, errors.length], [false, 1]);
      assert.ok(Number.isInteger(errors[0]?.code));
      assert.equal("retry-after" in headers, status === 503);
      assert.ok(!JSON.stringify(body).includes(DETAIL));
    });
  }
});
