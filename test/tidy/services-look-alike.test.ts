// Learn one service, know all: every src/ holds the same files and folders, and the story is named after the service's verb.
import { houseRule, type Rule, type SourceFile } from "./repository.ts";

const EVERYWHERE = ["config.ts", "core/", "inbound/", "main.ts", "outbound/", "ports.ts"];

/** The verbs of each service, one file each. */
const STORIES: Readonly<Record<string, readonly string[]>> = {
  ingress: ["serve.ts"],
  router: ["decide.ts"],
  budget: ["grant-credit.ts", "place-hold.ts", "settle-usage.ts"],
  worker: ["fulfil.ts"],
  ledger: ["record-usage.ts"],
  console: ["administer.ts"],
};

/** What only one service has beside them, with the reason why it lies there. */
const FURTHER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ingress: {
    "serve-cached.ts": "the story of a request whose answer may be an earlier one's",
    "carry.ts": "the story of one attempt",
  },
  budget: {
    "tell-usage.ts": "the story of a webhook that is told of what is booked",
    "reap-holds.ts": "the story of a hold whose record never comes",
    "reap-grants.ts": "the story of a grant that nobody closes",
    "administer-budgets.ts":
      "the story of a change by people: checked beside everything else, then written with its audit row",
    "administer-rate-limits.ts": "the same for rate limits",
    "watch-spend.ts": "the story of an alert: what was spent is looked at and judged, by one process at a time",
    "tell-alerts.ts": "the story after it: the bus and webhooks are told until they know",
  },
  router: {
    "hold-money.ts": "the second half of the decision: the money is held before anything is sent",
    "decision-case.ts": "one decision under way, as its steps hand it on",
    "rate-keeper.ts": "what is in hand of rate limits, from which the decision takes",
    "till.ts": "the credit in hand, from which the decision cuts its holds",
    "extend-hold.ts": "the story of a stream that gets longer than what was held for it",
    "deploy.ts": "the other story: what the operator wrote goes live",
    "change-routes.ts": "the story of a change: a version, its deployment and its audit row, then the bucket",
    "change-catalogue.ts": "the same for models and aliases",
    "what-if.ts": "the story of a question: the decision without its effects, now or as it was recorded",
    "backtest.ts": "the story of many recorded requests on a draft: in a process of its own, so that no decision waits",
    "live-world.ts": "what the decision sees of budgets, workers and circuits at its instant",
  },
  ledger: {
    "record-decisions.ts": "the other story: why requests went where they went is kept, apart from money",
    "tell-usage.ts": "the story behind the books: what was booked is told on the bus",
    "close-month.ts": "the story at the end of a month: its books are closed, once and for ever",
    "reprice.ts": "the story of a price that arrives late or was wrong: attempts say anew what they cost",
    "import-invoice.ts": "the story of a provider's invoice: taken in, all of it and once",
    "approve-true-ups.ts": "the story after it: differences that somebody approves become true-ups, once",
    "declare-baseline.ts": "the story of what savings are stated against: declared from a day on, and never changed",
  },
  console: {
    "compare-books.ts": "the story of books and budgets side by side, which neither of the two asks the other",
  },
  worker: {
    "providers/": "one folder per provider, all with the same file names",
    "wires/": "one folder per format that providers speak, all with the same file names",
  },
};

const entriesAreTheSame: Rule = (files) => {
  const services = [...new Set(files.flatMap(({ path }) => /^services\/([^/]+)\//.exec(path)?.[1] ?? []))];
  return services.flatMap((service) => {
    const found = entriesOf(service, files);
    const wanted = [...EVERYWHERE, ...(STORIES[service] ?? [])];
    const allowed = new Set([...wanted, ...Object.keys(FURTHER[service] ?? {})]);
    return [
      ...(STORIES[service] ? [] : [`services/${service}: name its story in this test`]),
      ...wanted.filter((name) => !found.has(name)).map((name) => `services/${service}/src has no ${name}`),
      ...[...found]
        .filter((name) => !allowed.has(name))
        .map((name) => `services/${service}/src/${name} is in no other service; put it into core, inbound or outbound`),
    ];
  });
};

function entriesOf(service: string, files: readonly SourceFile[]): Set<string> {
  const prefix = `services/${service}/src/`;
  const inside = files.filter(({ path }) => path.startsWith(prefix) && !path.endsWith(".test.ts"));
  return new Set(inside.map(({ path }) => path.slice(prefix.length).replace(/\/.*$/, "/")));
}

const ledger = [
  "config.ts",
  "core/entry.ts",
  "inbound/a.ts",
  "main.ts",
  "outbound/b.ts",
  "ports.ts",
  "record-usage.ts",
].map((name) => `services/ledger/src/${name}`);

houseRule("every service has the same src/", entriesAreTheSame, {
  breaks: {
    "a missing story": ledger.filter((path) => !path.endsWith("record-usage.ts")),
    "a missing folder": ledger.filter((path) => !path.includes("/core/")),
    "a file of no kind": [...ledger, "services/ledger/src/helpers.ts"],
    "a service without a named story": [...ledger, "services/mailer/src/main.ts"],
  },
  passes: { "a service as it should be": [...ledger, "services/ledger/src/record-usage.test.ts"] },
});
