// docs/errors.md, docs/subjects.md and docs/configuration.md say what the code says, in both directions: a code, a subject or a
// setting that is only in one of the two is reported. `npm run docs` writes them anew.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ERRORS } from "@waybill/domain";
import { integer, type Settings } from "@waybill/service";
import { NATS_PERMISSIONS, STREAMS, SUBJECTS } from "@waybill/wire";
import { LAUNCHER_VARIABLES, loadServiceSettings, renderConfiguration } from "./documents/configuration.ts";
import { renderErrors } from "./documents/errors.ts";
import { metricsOf, renderMetrics } from "./documents/metrics.ts";
import { renderSubjects } from "./documents/subjects.ts";
import { literalsOf, usedNames } from "./read-code.ts";
import { houseRule, ROOT, type Rule, readRepository, sample } from "./repository.ts";

/** Lines that only one of the two has; a whole page in an assertion would be unreadable. */
function assertSame(name: string, rendered: string): void {
  const page = readFileSync(join(ROOT, "docs", name), "utf8");
  const [onPage, inCode] = [page.split("\n"), rendered.split("\n")];
  const differences = [
    ...onPage.filter((line) => !inCode.includes(line)).map((line) => `only on the page: ${line}`),
    ...inCode.filter((line) => !onPage.includes(line)).map((line) => `only in the code: ${line}`),
  ];
  assert.deepEqual(differences, [], "run: npm run docs");
  assert.equal(page === rendered, true, `the order of lines in docs/${name} is another; run: npm run docs`);
}

describe("docs agree with the code", () => {
  it("errors.md", () => assertSame("errors.md", renderErrors()));
  it("subjects.md", () => assertSame("subjects.md", renderSubjects()));
  it("configuration.md", async () => {
    assertSame("configuration.md", renderConfiguration(await loadServiceSettings()));
  });
  it("metrics.md", () => assertSame("metrics.md", renderMetrics()));

  it("would differ by a code, whichever side has it", () => {
    const { budget_exceeded: _, ...fewer } = ERRORS;
    assert.notEqual(renderErrors(fewer), renderErrors());
    const more = { ...ERRORS, out_of_ink: { ...ERRORS.internal_error, sentence: "There is no ink." } };
    assert.notEqual(renderErrors(more), renderErrors());
    const changed = { ...ERRORS, budget_exceeded: { ...ERRORS.budget_exceeded, httpStatus: 429 } };
    assert.notEqual(renderErrors(changed), renderErrors());
  });

  it("would differ by a subject, a limit of a stream or a permission", () => {
    const tables = { subjects: SUBJECTS, streams: STREAMS, permissions: NATS_PERMISSIONS };
    const { recall: _, ...fewer } = SUBJECTS;
    assert.notEqual(renderSubjects({ ...tables, subjects: fewer }), renderSubjects());
    const smaller = { ...STREAMS, usage: { ...STREAMS.usage, maxBytes: 1024 } };
    assert.notEqual(renderSubjects({ ...tables, streams: smaller }), renderSubjects());
    const { ledger } = NATS_PERMISSIONS;
    const wider = { ...NATS_PERMISSIONS, ledger: { ...ledger, subscribe: [...ledger.subscribe, "waybill.>"] } };
    assert.notEqual(renderSubjects({ ...tables, permissions: wider }), renderSubjects());
  });

  it("would differ by a setting, a default or a range", () => {
    const limit = (fallback: number, max: number): ReadonlyMap<string, Settings> =>
      new Map([["ingress", { WAYBILL_X_MAX: integer({ meaning: "A limit.", fallback, min: 1, max }) }]]);
    const usual = renderConfiguration(limit(5, 10));
    assert.notEqual(renderConfiguration(new Map([["ingress", {}]])), usual);
    assert.notEqual(renderConfiguration(limit(6, 10)), usual);
    assert.notEqual(renderConfiguration(limit(5, 11)), usual);
  });
});

/** Whatever looks like the name of a metric is one that is made in a way the page sees, and only once. */
const metricsAreSeen: Rule = (files) => {
  const made = files.flatMap(metricsOf);
  const names = new Set(made.map(({ name }) => name));
  const looksLikeOne = /^waybill_(ingress|router|budget|worker|ledger|console|event|resident|cpu)_\w+$/;
  const services = files.filter(
    ({ path, text }) => /^(services\/[^/]+|libs\/service)\/src\//.test(path) && text.includes("waybill_"),
  );
  return [
    ...services
      .filter(({ path }) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
      .flatMap((file) => literalsOf(file).map(({ text, line }) => ({ text, place: `${file.path}:${line}` })))
      .filter(({ text }) => looksLikeOne.test(text) && !names.has(text))
      .map(({ text, place }) => `${place} names the metric ${text}, which the page cannot see`),
    ...made
      .filter(({ name }, index) => made.findIndex((other) => other.name === name) !== index)
      .map(({ name, place }) => `${place} makes ${name} a second time`),
  ];
};

houseRule("metrics are on the page", metricsAreSeen, {
  breaks: {
    "a metric made in another way": [sample("services/x/src/a.ts", 'make({ name: "waybill_ledger_secret" });')],
    "a metric made twice": [
      sample("services/x/src/a.ts", 'm.counter("waybill_ledger_a", "A.");\nm.counter("waybill_ledger_a", "A.");'),
    ],
  },
  passes: { "a metric as it should be": [sample("services/x/src/a.ts", 'm.counter("waybill_ledger_a", "A.");')] },
});

const LAUNCHER = "deploy/local/src/config.ts";
/** Told to the launcher's children or read from files, not set by people. */
const NO_SETTING = new Set(["WAYBILL_URL"]);

/** The launcher reads its variables by hand; the page lists them by hand; both lists are the same. */
const launcherIsListed: Rule = (files) => {
  const file = files.find(({ path }) => path === LAUNCHER);
  if (!file) return [`there is no ${LAUNCHER}`];
  const isName = /^(WAYBILL|NATS|DATABASE)_[A-Z_]+$/;
  const read = new Set([
    ...usedNames(file).flatMap(({ text }) => /^environment\.([A-Z_]+)$/.exec(text)?.[1] ?? []),
    ...literalsOf(file)
      .map(({ text }) => text)
      .filter((text) => isName.test(text)),
  ]);
  const listed = new Set(LAUNCHER_VARIABLES.map(([name]) => name));
  return [
    ...[...read]
      .filter((name) => !listed.has(name) && !NO_SETTING.has(name))
      .map((name) => `${name} is not on the page`),
    ...[...listed].filter((name) => !read.has(name)).map((name) => `${name} is on the page, but nobody reads it`),
  ];
};

const launcher = readRepository().find(({ path }) => path === LAUNCHER)?.text ?? "";

houseRule("the launcher's variables are on the page", launcherIsListed, {
  breaks: {
    "a variable nobody was told of": [
      sample(LAUNCHER, `${launcher}\nexport const x = (environment: E) => environment.SECRET_DOOR;`),
    ],
    "a variable that is gone": [sample(LAUNCHER, launcher.replaceAll("WAYBILL_PORT_BASE", "WAYBILL_PORTS"))],
  },
});
