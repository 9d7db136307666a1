import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findNatsServer, natsServerVersion, natsServerWarning } from "./find-nats-server.ts";
import { PlainError } from "./plain-error.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-find-nats-"));
});
after(() => rm(folder, { recursive: true, force: true }));

async function makeProgram(dir: string, name: string, text: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, name);
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

test("a nats-server on PATH is taken before a fetched one", async () => {
  const onPath = await makeProgram(join(folder, "bin"), "nats-server", "#!/bin/sh\necho nats-server: v2.11.4\n");
  const toolsDir = join(folder, "tools");
  const fetched = await makeProgram(toolsDir, "nats-server", "#!/bin/sh\n");
  assert.equal(await findNatsServer(toolsDir, { searchPath: join(folder, "bin") }), onPath);
  assert.equal(await findNatsServer(toolsDir, { searchPath: join(folder, "empty") }), fetched);
  assert.equal(await natsServerVersion(onPath), "2.11.4");
});

test("with no server and no way to fetch one, one sentence names the ways", async () => {
  await assert.rejects(findNatsServer(join(folder, "none"), { searchPath: join(folder, "empty") }), (error) => {
    assert.ok(error instanceof PlainError);
    assert.match(error.message, /no nats-server.*PATH.*NATS_URL/);
    return true;
  });
});

test("a failing fetch names the ways and the reason", async () => {
  const bin = join(folder, "broken");
  await makeProgram(bin, "apt-get", "#!/bin/sh\necho the network is gone >&2\nexit 100\n");
  await makeProgram(bin, "dpkg-deb", "#!/bin/sh\n");
  await assert.rejects(findNatsServer(join(folder, "none"), { searchPath: bin }), /NATS_URL.*the network is gone/s);
});

test("an old package list is replaced by one of our own, in our own folder", async () => {
  const bin = join(folder, "apt");
  // Fails until `update` was called with lists of our own, then "downloads".
  await makeProgram(
    bin,
    "apt-get",
    `#!/bin/sh
case "$*" in
  *Dir::State::lists=*update) /bin/touch updated ;;
  *download*) [ -e updated ] || exit 100; echo deb > nats-server.deb ;;
esac
`,
  );
  await makeProgram(
    bin,
    "dpkg-deb",
    `#!/bin/sh
/bin/mkdir -p unpacked/usr/sbin && echo "#!/bin/sh" > unpacked/usr/sbin/nats-server && /bin/chmod +x unpacked/usr/sbin/nats-server
`,
  );
  const toolsDir = join(folder, "apt-tools");
  assert.equal(await findNatsServer(toolsDir, { searchPath: bin }), join(toolsDir, "nats-server"));
});

test("a server that may lose streams in a crash is named, a newer one is not", () => {
  for (const old of ["2.9.10", "2.10.22", "1.4.0"]) assert.match(natsServerWarning(old) ?? "", /crash/);
  for (const fine of ["2.10.23", "2.11.0", "3.0.0", "2.12.1-rc1"]) assert.equal(natsServerWarning(fine), undefined);
});
