// The repository works on any machine: it names no package registry, no private host and nobody's folders.
import { houseRule, type Rule, sample } from "./repository.ts";

const REGISTRY =
  /https?:\/\/[^\s/"']*(registry|artifactory|nexus|verdaccio|npmjs|mirror|proxy\.)[^\s"']*|^\s*(registry|@[a-z-]+:registry)\s*=/i;
const PRIVATE_PATH = /(^|[\s"'`(=:])\/(work|root|home\/[a-z]\w*|Users\/\w+|tmp\/[a-z]\w*)\//;
const SECRET = /\bsk-[A-Za-z0-9_-]{20,}|\bwb_[A-Za-z0-9]{4,}_[A-Za-z0-9]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----/;

const linesThat = (files: Parameters<Rule>[0], wanted: RegExp, what: string): string[] =>
  files
    .filter(({ path }) => !path.startsWith("test/tidy/"))
    .flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => (wanted.test(line) ? [`${path}:${index + 1} ${what}`] : [])),
    );

const noRegistry: Rule = (files) => linesThat(files, REGISTRY, "names a package registry");
const noPrivatePath: Rule = (files) => linesThat(files, PRIVATE_PATH, "names a folder of one machine");
const noSecret: Rule = (files) => linesThat(files, SECRET, "looks like a secret");

houseRule("no registry is named", noRegistry, {
  breaks: {
    "a tarball in the lockfile": [sample("pnpm-lock.yaml", "tarball: https://registry.example.org/a/-/a-1.0.0.tgz\n")],
    "a setting": [sample(".npmrc", "registry=http://127.0.0.1:4873/\n")],
  },
  passes: { "the lockfile as it should be": [sample("pnpm-lock.yaml", "resolution: {integrity: sha512-abc}\n")] },
});

houseRule("no folder of one machine is named", noPrivatePath, {
  breaks: {
    "a home": [sample("docs/a.md", "see /home/anna/waybill/README.md\n")],
    "a working copy": [sample("libs/a/src/a.ts", 'const data = "/work/shared/data";\n')],
    "a temporary tool": [sample("docs/a.md", "PATH=/tmp/mytools/bin:$PATH\n")],
  },
  passes: {
    "paths of the repository": [sample("docs/a.md", "see `libs/bus/src/pull.ts` and <https://x.org/home/a/>\n")],
  },
});

houseRule("no secret is kept here", noSecret, {
  breaks: {
    "a provider's key": [sample("docs/a.md", `key sk-${"a1".repeat(20)}\n`)],
    "a key of ours": [sample("docs/a.md", `key wb_abcd1234_${"Z".repeat(40)}\n`)],
    "a private key": [sample("deploy/a.conf", "-----BEGIN RSA PRIVATE KEY-----\n")],
  },
  passes: { "the form of a key": [sample("docs/a.md", "wb_<public id>_<secret>\n")] },
});
