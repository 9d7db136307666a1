// Usage records that could not be sent, on disk: appended with one fsync for many, sent in order once NATS is back, and taken
// over from workers that died on this disk. Layout: <dir>/<worker>/lock and 00000001.seg, 00000002.seg, …
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { decodeSegment, encodeEntry, type SpooledRecord } from "../core/spool-format.ts";
import { isAbandoned, touchLock, writeLock } from "./spool-lock.ts";

/** A new segment is begun above this, so that what is sent is soon off the disk. */
const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;
/** Records on their way at the same time while the spool drains. */
const SENDS_AT_ONCE = 64;
/** Folders of dead workers, inside the folder of the one that took them over. */
const ADOPTED_PREFIX = "of-";

export interface SpoolOptions {
  dir: string;
  /** Unique among processes on this disk. */
  name: string;
  bytesMax: number;
  nowMs(): number;
  onDamage(detail: string): void;
}

interface Segment {
  path: string;
  bytes: number;
  records: number;
}

interface Waiting {
  entry: Uint8Array;
  resolve(): void;
  reject(error: unknown): void;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #folder: string;
  /** Oldest first; without the one that is being written. */
  readonly #closed: Segment[] = [];
  #active: (Segment & { file: FileHandle }) | undefined;
  #nextNumber = 1;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  private constructor(options: SpoolOptions) {
    this.#options = options;
    this.#folder = join(options.dir, options.name);
  }

  /** Makes the folder. Throws when the disk does not allow it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    // With its lock in it before anybody can see it.
    const unseen = join(options.dir, `.${options.name}`);
    await mkdir(unseen, { recursive: true, mode: 0o700 });
    writeLock(unseen);
    await rename(unseen, spool.#folder);
    return spool;
  }

  get bytes(): number {
    return this.#segments().reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get records(): number {
    return this.#segments().reduce((sum, segment) => sum + segment.records, 0);
  }

  get isEmpty(): boolean {
    return this.#closed.length === 0 && (this.#active?.records ?? 0) === 0;
  }

  /** From here on the worker takes nothing new: what it carries still has to fit. */
  get isHalfFull(): boolean {
    return this.bytes * 2 >= this.#options.bytesMax;
  }

  /** Resolves when the record is on the disk for good. Rejects when there is no room or the disk fails. */
  append(record: SpooledRecord): Promise<void> {
    const entry = encodeEntry(record);
    if (this.bytes + entry.length > this.#options.bytesMax) {
      return Promise.reject(new Error(`the spool is full (${this.#options.bytesMax} bytes)`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Sends everything, oldest first, until `send` says no. A segment is removed when all of it was sent. */
  async drain(send: (record: SpooledRecord) => Promise<boolean>): Promise<void> {
    while (!this.isEmpty) {
      if (this.#closed.length === 0) {
        // Not under a write that is on its way into it.
        while (this.#writing) await this.#writing;
        await this.#closeActive();
      }
      const [segment] = this.#closed;
      if (!segment || !(await this.#drainSegment(segment, send))) return;
      // Others may have been put in front of it meanwhile.
      this.#closed.splice(this.#closed.indexOf(segment), 1);
    }
    for (const name of await readdir(this.#folder)) {
      if (name.startsWith(ADOPTED_PREFIX)) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  /** Takes over the spools of dead workers; returns how many records came with them. */
  async adopt(): Promise<number> {
    const nowMs = this.#options.nowMs();
    touchLock(this.#folder, nowMs);
    let records = 0;
    for (const entry of await readdir(this.#options.dir, { withFileTypes: true })) {
      const theirs = join(this.#options.dir, entry.name);
      if (!entry.isDirectory() || entry.name.startsWith(".") || theirs === this.#folder) continue;
      if (!isAbandoned(theirs, nowMs)) continue;
      const mine = join(this.#folder, `${ADOPTED_PREFIX}${entry.name}`);
      try {
        await rename(theirs, mine);
      } catch {
        // Another worker was faster.
        continue;
      }
      const segments = await segmentsIn(mine);
      this.#closed.unshift(...segments);
      records += segments.reduce((sum, segment) => sum + segment.records, 0);
    }
    return records;
  }

  /** Removes the folder when nothing is left in it; else the next worker on this disk takes it over. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#closeActive();
    if (this.isEmpty) await rm(this.#folder, { recursive: true, force: true });
  }

  #segments(): Segment[] {
    return this.#active ? [...this.#closed, this.#active] : this.#closed;
  }

  /** Writes and syncs whatever has gathered, until nothing has. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeBatch(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // Half an entry may stand at the end; nothing may come behind it.
        await this.#closeActive().catch(() => undefined);
        for (const { reject } of batch) reject(error);
      }
    }
    // In the same turn as the last look, so that nobody joins a writer that has stopped looking.
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const segment = await this.#writable();
    const bytes = Buffer.concat(batch.map(({ entry }) => entry));
    await segment.file.appendFile(bytes);
    await segment.file.datasync();
    segment.bytes += bytes.length;
    segment.records += batch.length;
  }

  async #writable(): Promise<Segment & { file: FileHandle }> {
    if (this.#active && this.#active.bytes >= SEGMENT_BYTES_MAX) await this.#closeActive();
    if (!this.#active) {
      const path = join(this.#folder, `${String(this.#nextNumber).padStart(8, "0")}.seg`);
      this.#nextNumber += 1;
      const file = await open(path, "ax", 0o600);
      this.#active = { path, bytes: 0, records: 0, file };
      await syncFolder(this.#folder);
    }
    return this.#active;
  }

  async #closeActive(): Promise<void> {
    const active = this.#active;
    if (!active) return;
    this.#active = undefined;
    if (active.records > 0) this.#closed.push({ path: active.path, bytes: active.bytes, records: active.records });
    await active.file.close();
    if (active.records === 0) await rm(active.path, { force: true });
  }

  async #drainSegment(segment: Segment, send: (record: SpooledRecord) => Promise<boolean>): Promise<boolean> {
    const { records, end } = decodeSegment(await readFile(segment.path));
    for (let from = 0; from < records.length; from += SENDS_AT_ONCE) {
      const sent = await Promise.all(records.slice(from, from + SENDS_AT_ONCE).map(send));
      if (sent.includes(false)) return false;
    }
    if (end === "damaged") {
      this.#options.onDamage(`${basename(segment.path)}: ${records.length} records sent, the rest cannot be read`);
      await rename(segment.path, join(this.#options.dir, `${this.#options.name}-${basename(segment.path)}.damaged`));
    } else await rm(segment.path, { force: true });
    return true;
  }
}

/** Every segment below a folder that was taken over, with what that folder had taken over itself. */
async function segmentsIn(folder: string): Promise<Segment[]> {
  const names = await readdir(folder, { recursive: true });
  const segments: Segment[] = [];
  for (const name of names.filter((each) => each.endsWith(".seg")).sort()) {
    const path = join(folder, name);
    const records = decodeSegment(await readFile(path)).records.length;
    const bytes = (await stat(path)).size;
    // One without a whole entry holds nothing that anybody was promised.
    if (bytes > 0) segments.push({ path, bytes, records });
  }
  return segments;
}

/** The name of a new file is only safe once its folder is synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
