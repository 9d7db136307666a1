import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isPrivateAddress } from "./private-address.ts";

test("what is on the public internet is let through", () => {
  for (const address of [
    "1.1.1.1",
    "8.8.8.8",
    "104.18.6.192",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::6812:6c0",
    "[2a00:1450:4001:81b::200e]",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
  ]) {
    assert.equal(isPrivateAddress(address), false, address);
  }
});

test("loopback, private, link-local, reserved and mapped addresses are not", () => {
  for (const address of [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:a9fe:a9fe",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
  ]) {
    assert.equal(isPrivateAddress(address), true, address);
  }
});

test("what is no address counts as private", () => {
  for (const text of ["", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1:2:3", "1::2::3", "g::1", "::1.2.3.400"]) {
    assert.equal(isPrivateAddress(text), true, text);
  }
});

test("an IPv4 address is judged the same when IPv6 carries it", () => {
  const byte = fc.nat(255);
  fc.assert(
    fc.property(byte, byte, byte, byte, (a, b, c, d) => {
      const hex = [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(":");
      const plain = isPrivateAddress(`${a}.${b}.${c}.${d}`);
      assert.equal(isPrivateAddress(`::ffff:${hex}`), plain);
      assert.equal(isPrivateAddress(`::ffff:${a}.${b}.${c}.${d}`), plain);
      assert.equal(isPrivateAddress(`2002:${hex}::1`), plain);
    }),
  );
});
