// Where a CPU profile's time went: by function alone, and by package and by our own functions with all they call.

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

interface Share {
  readonly name: string;
  /** Of the time the process was not idle. */
  readonly percent: number;
}

export interface SelfTime {
  /** Without what they call. */
  readonly functions: readonly Share[];
  /** With all that they call, so they overlap. */
  readonly packages: readonly Share[];
  /** Functions of services and libs, with all that they call. */
  readonly own: readonly Share[];
}

const IDLE = "(idle)";
const ROOT = "(root)";

export function selfTime(profile: CpuProfile): SelfTime {
  const microsecondsOf = new Map<number, number>();
  profile.samples.forEach((id, index) => {
    microsecondsOf.set(id, (microsecondsOf.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0));
  });
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parentOf = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  const own = new Map<string, number>();
  let busy = 0;
  for (const { id, callFrame } of profile.nodes) {
    const microseconds = microsecondsOf.get(id) ?? 0;
    if (callFrame.functionName === IDLE || microseconds === 0) continue;
    busy += microseconds;
    add(functions, nameOf(callFrame), microseconds);
    const owners = new Set<string>();
    const ours = new Set<string>();
    // From the function itself up to the root; what stands on the stack twice counts once.
    for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at)) {
      const frame = nodes.get(at)?.callFrame;
      if (frame === undefined || frame.functionName === ROOT) continue;
      const owner = ownerOf(frame.url, frame.functionName);
      owners.add(owner);
      if (isOurs(owner)) ours.add(nameOf(frame));
    }
    for (const owner of owners) add(packages, owner, microseconds);
    for (const name of ours) add(own, name, microseconds);
  }
  return { functions: shares(functions, busy), packages: shares(packages, busy), own: shares(own, busy) };
}

function nameOf({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const place = url === "" ? "" : ` ${fileOf(url)}:${lineNumber + 1}`;
  return `${functionName || "(anonymous)"}${place} [${ownerOf(url, functionName)}]`;
}

function isOurs(owner: string): boolean {
  return owner.startsWith("services/") || owner.startsWith("libs/");
}

/** A package's name, `node` for Node's own JavaScript, a service or library of ours, or the runtime's own bookkeeping. */
function ownerOf(url: string, functionName: string): string {
  if (url === "") return functionName.startsWith("(") ? functionName : "native";
  if (url.startsWith("node:")) return "node";
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  if (installed !== undefined) return installed;
  return /\/((?:services|libs)\/[^/]+)\//.exec(url)?.[1] ?? "other";
}

function fileOf(url: string): string {
  return url.startsWith("node:") ? url : (url.split("/").at(-1) ?? url);
}

function add(sums: Map<string, number>, name: string, microseconds: number): void {
  sums.set(name, (sums.get(name) ?? 0) + microseconds);
}

function shares(sums: ReadonlyMap<string, number>, busy: number): Share[] {
  return [...sums]
    .map(([name, microseconds]) => ({ name, percent: (100 * microseconds) / busy }))
    .sort((one, other) => other.percent - one.percent);
}
