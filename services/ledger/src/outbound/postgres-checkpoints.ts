// The chain of digests over what was booked: a link for each UTC day, made once the day is over, and looked at when books are verified.
import { createHash } from "node:crypto";
import { type Client, type Pool, transact } from "@waybill/store";
import { BooksProblem } from "@waybill/wire";
import { monthText } from "../core/close-rules.ts";

/** What is digested of one month's requests on one day. */
interface MonthDigest {
  entries: number;
  /** SHA-256, hex. */
  digest: string;
}

type Months = Readonly<Record<string, MonthDigest>>;

interface Checkpoint {
  /** The UTC day of booking, "2026-11-27". */
  day: string;
  /** SHA-256, hex; of the first link none stands before. */
  previous: string;
  months: Months;
  digest: string;
}

export interface Checkpoints {
  /** Makes the links of all days that are over and have none; those that another ledger is about to make are left to it. */
  seal(): Promise<Checkpoint[]>;
  /** What is wrong with the chain, or with the entries of one month, "2026-11-01", under it. */
  verify(month: string): Promise<BooksProblem[]>;
}

const LINES_AT_ONCE = 5_000;
/** After a long pause the rest is sealed the next time. */
const DAYS_AT_ONCE = 400;

// A day is over for good some minutes later: clocks are set, and whoever was booking then has to be through.
const LAST_DAY = `
  SELECT to_char((clock_timestamp() - interval '10 minutes') AT TIME ZONE 'UTC' - interval '1 day', 'YYYY-MM-DD') AS day`;

// From the day after the latest link, or the first day on which anything was booked.
const DUE = `
  SELECT to_char(day, 'YYYY-MM-DD') AS day FROM generate_series(
    coalesce((SELECT max(day) + 1 FROM ledger.checkpoint), (SELECT (min(posted_at) AT TIME ZONE 'UTC')::date FROM ledger.entry)),
    $1::date, interval '1 day') AS day ORDER BY 1 LIMIT ${DAYS_AT_ONCE}`;

const ON_DAY =
  "posted_at >= $1::date::timestamp AT TIME ZONE 'UTC' AND posted_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'";

const LINKS = `
  SELECT to_char(day, 'YYYY-MM-DD') AS day, coalesce(encode(previous, 'hex'), '') AS previous, months, encode(digest, 'hex') AS digest
  FROM ledger.checkpoint`;

export function postgresCheckpoints(pool: Pool): Checkpoints {
  return {
    seal: async () => {
      const { rows: last } = await pool.query<{ day: string }>(LAST_DAY);
      // In a transaction of its own: whoever had begun to book before that time is through when this returns.
      await pool.query("SELECT ledger.begin_booking()");
      return transact(pool, async (client) => {
        const { rows: locked } = await client.query(
          "SELECT pg_try_advisory_xact_lock(hashtext('waybill ledger checkpoints')) AS mine",
        );
        if (!locked[0]?.mine) return [];
        const { rows } = await client.query<{ day: string }>(DUE, [last[0]?.day]);
        const made: Checkpoint[] = [];
        for (const { day } of rows) made.push(await addLink(client, day));
        return made;
      });
    },
    verify: (month) => transact(pool, (client) => verify(client, month)),
  };
}

async function addLink(client: Client, day: string): Promise<Checkpoint> {
  const { rows: before } = await client.query<Checkpoint>(`${LINKS} ORDER BY day DESC LIMIT 1`);
  const { rows } = await client.query<{ month: string }>(
    `SELECT DISTINCT request_month::text AS month FROM ledger.entry WHERE ${ON_DAY} ORDER BY 1`,
    [day],
  );
  const months: Record<string, MonthDigest> = {};
  for (const { month } of rows) months[month] = await digestOf(client, day, month);
  const previous = before[0]?.digest ?? "";
  const link = { day, previous, months, digest: digestOfLink(day, previous, months) };
  await client.query(
    "INSERT INTO ledger.checkpoint (day, previous, months, digest) VALUES ($1, decode(nullif($2, ''), 'hex'), $3, decode($4, 'hex'))",
    [day, previous, JSON.stringify(months), link.digest],
  );
  return link;
}

/** Line by line through a cursor: a day may have millions. */
async function digestOf(client: Client, day: string, month: string): Promise<MonthDigest> {
  const hash = createHash("sha256");
  let entries = 0;
  await client.query(
    `DECLARE lines NO SCROLL CURSOR FOR SELECT line FROM ledger.entry_line WHERE request_month = $2 AND ${ON_DAY}
     ORDER BY request_id, attempt, sequence`,
    [day, month],
  );
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`FETCH ${LINES_AT_ONCE} FROM lines`);
    for (const { line } of rows) hash.update(`${line}\n`);
    entries += rows.length;
    if (rows.length < LINES_AT_ONCE) break;
  }
  await client.query("CLOSE lines");
  return { entries, digest: hash.digest("hex") };
}

function digestOfLink(day: string, previous: string, months: Months): string {
  const parts = Object.keys(months)
    .sort()
    .map((month) => `${month}|${months[month]?.entries}|${months[month]?.digest}`);
  return createHash("sha256")
    .update([previous, day, ...parts].join("\n"))
    .digest("hex");
}

async function verify(client: Client, month: string): Promise<BooksProblem[]> {
  const { rows: links } = await client.query<Checkpoint>(`${LINKS} ORDER BY day`);
  const isDropped = "SELECT FROM ledger.month WHERE month = $1 AND dropped_at IS NOT NULL";
  const { rows: dropped } = await client.query(isDropped, [month]);
  const problems: BooksProblem[] = [];
  const found = (problem: string, detail: string): void => {
    problems.push(BooksProblem.create({ rule: "M16", problem, month: monthText(month), attemptId: "", detail }));
  };
  let previous = "";
  for (const link of links) {
    const isWhole = link.previous === previous && digestOfLink(link.day, link.previous, link.months) === link.digest;
    if (!isWhole) found("the chain of checkpoints is broken", link.day);
    previous = link.digest;
  }
  if (dropped.length > 0) return problems;
  const booked = await entriesByDay(client, month, links.at(-1)?.day);
  for (const { day, months } of links) {
    const kept = months[month];
    const entries = booked.get(day) ?? 0;
    // Only what can be right is read line by line.
    const isCounted = entries === (kept?.entries ?? 0);
    if (isCounted && (!kept || (await digestOf(client, day, month)).digest === kept.digest)) continue;
    found("the entries of a day are not those of its checkpoint", `${day}: ${kept?.entries ?? 0} then, ${entries} now`);
  }
  return problems;
}

/** How many of a month's entries were booked on each UTC day until the last that has a link. */
async function entriesByDay(client: Client, month: string, lastDay: string | undefined): Promise<Map<string, number>> {
  if (lastDay === undefined) return new Map();
  const { rows } = await client.query<{ day: string; entries: number }>(
    `SELECT to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*)::int AS entries FROM ledger.entry
     WHERE request_month = $1 AND posted_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC' GROUP BY 1`,
    [month, lastDay],
  );
  return new Map(rows.map(({ day, entries }) => [day, entries]));
}
