import assert from "node:assert/strict";
import { test } from "node:test";
import { issuerUrlProblem, jwksUriProblem } from "./issuer-url.ts";

test("keys are asked for by HTTPS, or on this host", () => {
  for (const url of [
    "https://login.example.com/x",
    "http://localhost:8080",
    "http://127.0.0.1:1",
    "http://[::1]:2/k",
  ]) {
    assert.equal(issuerUrlProblem(url, false), undefined, url);
  }
  for (const url of [
    ...["http://login.example.com", "http://10.0.0.1", "http://localhost.example.com", "http://127.0.0.1.example.com"],
    ...["http://127.0.0.1@example.com", "ftp://127.0.0.1", "file:///etc/passwd", "data:,x", "login.example.com", ""],
  ]) {
    assert.match(issuerUrlProblem(url, false) ?? "", /^must be/, url);
  }
});

test("plain HTTP to others is taken where it is allowed, and no other scheme is", () => {
  assert.equal(issuerUrlProblem("http://keycloak:8080", true), undefined);
  for (const url of ["ftp://keycloak", "file:///keys", "data:,x"]) assert.ok(issuerUrlProblem(url, true), url);
});

test("an issuer that is asked by HTTPS names keys by HTTPS, whatever is allowed", () => {
  const issuer = "https://login.example.com";
  assert.equal(jwksUriProblem(issuer, "https://keys.example.com/k", false), undefined);
  for (const isAllowed of [false, true]) {
    for (const url of ["http://login.example.com/k", "http://127.0.0.1/k", "file:///k", "k"]) {
      assert.match(jwksUriProblem(issuer, url, isAllowed) ?? "", /^must be/, `${url} ${isAllowed}`);
    }
  }
});

test("an issuer on this host names keys on this host, or by HTTPS", () => {
  const issuer = "http://127.0.0.1:8080";
  assert.equal(jwksUriProblem(issuer, "http://127.0.0.1:8080/k", false), undefined);
  assert.equal(jwksUriProblem(issuer, "https://keys.example.com/k", false), undefined);
  assert.ok(jwksUriProblem(issuer, "http://169.254.169.254/k", false));
  assert.equal(jwksUriProblem(issuer, "http://keycloak/k", true), undefined);
});
