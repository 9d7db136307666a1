// Every error of the catalogue as an ingress answers it on every surface's path: status, words, ids, and what a client is told about
// trying again.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { ERRORS, type ErrorCode, WaybillError } from "@waybill/domain";
import { openAiChat, SURFACES } from "@waybill/surfaces";
import { answerError, errorHeaders } from "./answer-error.ts";

const CODES = Object.keys(ERRORS) as ErrorCode[];
const REQUEST_ID = "01a21b91-cca3-797b-a7d8-8ce58306bf48";

let error: WaybillError;
let url: string;
const server = createServer((request, response) => answerError(request, response, error, REQUEST_ID));
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => new Promise((resolve) => server.close(resolve)));

describe("an error answer", () => {
  const paths = [
    ...SURFACES.map((surface) => [surface.path, surface] as const),
    ...SURFACES.map((surface) => [`${surface.path}/more?model=x`, surface] as const),
    ["/v1/models", openAiChat] as const,
    ["/", openAiChat] as const,
  ];
  for (const [path, surface] of paths) {
    it(`at ${path} has the status, the words of ${surface.name} and both ids, for every code`, async () => {
      for (const code of CODES) {
        error = new WaybillError(code, { detail: "not for clients" });
        const answer = await fetch(url + path);
        assert.equal(answer.status, ERRORS[code].httpStatus, code);
        assert.equal(answer.headers.get("content-type"), "application/json");
        for (const name of ["request-id", "x-request-id"]) assert.equal(answer.headers.get(name), REQUEST_ID);
        const text = await answer.text();
        assert.equal(text, `${surface.errorBody(error, REQUEST_ID)}\n`);
        assert.ok(text.includes(code) && !text.includes("not for clients"));
      }
    });
  }

  it("says when to try again exactly where trying again may help, within 1 to 30 seconds", () => {
    for (const code of CODES) {
      const { httpStatus } = ERRORS[code];
      const plain = errorHeaders(new WaybillError(code), REQUEST_ID);
      assert.equal("retry-after" in plain, httpStatus === 503, code);
      assert.equal("retry-after-ms" in plain, httpStatus === 503, code);
      for (const retryAfterMs of [0, 1, 1_500, 3_600_000]) {
        const told = errorHeaders(new WaybillError(code, { retryAfterMs }), REQUEST_ID);
        assert.ok(Number(told["retry-after"]) >= 1 && Number(told["retry-after"]) <= 30, code);
        assert.ok(Number(told["retry-after-ms"]) >= 1 && Number(told["retry-after-ms"]) <= 30_000, code);
      }
    }
  });

  it("keeps official clients from repeating what a used-up budget refuses", () => {
    for (const code of CODES) {
      const told = errorHeaders(new WaybillError(code), REQUEST_ID)["x-should-retry"];
      assert.equal(told, code === "budget_exceeded" ? "false" : undefined, code);
    }
  });
});
