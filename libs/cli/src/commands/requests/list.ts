// requests list: the log of requests, by anything.
import { type Command, InvalidArgumentError } from "commander";
import { newestRequests } from "../../api/requests.ts";
import { requestTable } from "../../print/request-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { collectPair, moment, spanMs, wholeNumber } from "../option-values.ts";

interface ListOptions {
  last?: number;
  from?: string;
  until?: string;
  team?: string;
  user?: string;
  key?: string;
  endUser?: string;
  session?: string;
  environment?: string;
  tag?: Record<string, string>;
  route?: { name: string; version?: number };
  requestedModel?: string;
  model?: string;
  provider?: string;
  account?: string;
  outcome?: string;
  error?: string;
  finishReason?: string;
  anyAttempt?: true;
  refusal?: string;
  minCost?: string;
  unpriced?: true;
  suspect?: true;
  fallbacks?: true;
  cached?: true;
  cursor?: string;
  limit: number;
}

const DAY_MS = 86_400_000;
const LINES = 50;
const LINES_MAX = 100_000;

export function addRequestsList(requests: Command): void {
  addVerb(
    requests,
    "list",
    "the log of requests, newest first; every condition must hold",
    "requests list --team support --last 1h",
    "requests list --outcome failed_free --model openai/gpt-4.1 --any-attempt",
    "requests list --refusal any --last 7d --json",
    "requests list --tag app=chat --min-cost 0.50",
  )
    .option("--last <span>", "that came in the last 90m, 24h or 7d; 24h where no time is given", spanMs)
    .option("--from <time>", "that came since then, instead of --last", moment)
    .option("--until <time>", "that came before then", moment)
    .option("--team <id>", "of this team")
    .option("--user <id>", "of keys of this user")
    .option("--key <id>", "of this key")
    .option("--end-user <id>", "for this end user")
    .option("--session <id>", "of this session")
    .option("--environment <name>", "of this environment")
    .option("--tag <name=value>", "with this tag; may be repeated", collectTag)
    .option("--route <name[@version]>", "that went by this route", readRoute)
    .option("--requested-model <name>", "that asked for this, as the client wrote it")
    .option("--model <provider/model>", "that this model answered")
    .option("--provider <id>", "that this provider answered")
    .option("--account <id>", "that this account of a provider answered")
    .option("--outcome <outcome>", "success, partial, failed_free, failed_billed, unknown, refused or pending")
    .option("--error <code>", "that ended with this error")
    .option("--finish-reason <reason>", "that ended with this reason")
    .option("--any-attempt", "what is asked from --model to --finish-reason may hold for any attempt, not for the last")
    .option("--refusal <code>", "that were refused with this code, or `any`")
    .option("--min-cost <usd>", "that cost at least so much")
    .option("--unpriced", "with an attempt that has no known price")
    .option("--suspect", "with an attempt whose cost is doubtful")
    .option("--fallbacks", "with more than one attempt")
    .option("--cached", "answered from the cache")
    .option("--cursor <cursor>", "go on there: `nextCursor` of an answer with --json")
    .option("--limit <number>", "most lines", wholeNumber(1, LINES_MAX), LINES)
    .action(async (options: ListOptions, command: Command) => {
      const { api, print, note } = contextOf(command);
      const onLook = (searchedUntil: string): void => note(`looked back to ${searchedUntil}`);
      const found = await newestRequests(api, queryOf(options), options.limit, onLook);
      print(found, () => requestTable(found));
    });
}

function queryOf({ last = DAY_MS, from, limit: _, tag = {}, route, error, ...options }: ListOptions) {
  const { anyAttempt, unpriced, suspect, fallbacks, cached, ...texts } = options;
  const flags = Object.entries({ anyAttempt, unpriced, suspect, fallbacks, cached }).filter(([, isSet]) => isSet);
  const begin = texts.until === undefined ? Date.now() : Date.parse(texts.until);
  return {
    ...texts,
    from: from ?? new Date(begin - last).toISOString(),
    tag: Object.entries(tag).map(([name, value]) => `${name}=${value}`),
    ...(route && { route: route.name, routeVersion: route.version }),
    ...(error !== undefined && { errorCode: error }),
    ...Object.fromEntries(flags.map(([name]) => [name, "true"])),
  };
}

function collectTag(text: string, before: Record<string, string> = {}): Record<string, string> {
  return collectPair(text, before);
}

function readRoute(text: string): { name: string; version?: number } {
  const [, name, version] = /^([^@]+)(?:@(\d{1,9}))?$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It must be like support or support@3.");
  return version === undefined ? { name } : { name, version: Number(version) };
}
