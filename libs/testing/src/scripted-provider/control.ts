// How a scripted provider in a process of its own is driven and read:
//   PUT    /_control/default          a script, or a list of scripts
//   PUT    /_control/models/<model>   the same, for one model
//   GET    /_control/log[?after=<sequence>]   {entries}
//   GET    /_control/summary          sums over all calls
//   DELETE /_control/log              forgets log and scripts

import type { OracleLog } from "./oracle-log.ts";
import { parseScripts, type Scripts } from "./script.ts";
import type { ScriptShelf } from "./script-shelf.ts";

export interface Controlled {
  readonly log: OracleLog;
  readonly shelf: ScriptShelf;
}

export interface ControlAnswer {
  readonly status: number;
  readonly value: unknown;
}

export function control(method: string, path: string, body: Buffer, { log, shelf }: Controlled): ControlAnswer {
  const url = new URL(path, "http://localhost");
  const model = /^\/_control\/models\/([^/]+)$/.exec(url.pathname)?.[1];
  if (method === "PUT" && (url.pathname === "/_control/default" || model !== undefined)) {
    const parsed = parseScriptsText(body);
    if (!parsed.ok) return { status: 400, value: { problems: parsed.problems } };
    if (model === undefined) shelf.setDefault(parsed.scripts);
    else shelf.setForModel(decodeURIComponent(model), parsed.scripts);
    return { status: 200, value: {} };
  }
  if (method === "GET" && url.pathname === "/_control/log") {
    return { status: 200, value: { entries: log.entries(Number(url.searchParams.get("after") ?? 0)) } };
  }
  if (method === "GET" && url.pathname === "/_control/summary") return { status: 200, value: log.summary() };
  if (method === "DELETE" && url.pathname === "/_control/log") {
    log.clear();
    shelf.clear();
    return { status: 200, value: {} };
  }
  return { status: 404, value: { problems: [`no control at ${method} ${url.pathname}`] } };
}

function parseScriptsText(body: Buffer): { ok: true; scripts: Scripts } | { ok: false; problems: string[] } {
  try {
    return parseScripts(JSON.parse(body.toString("utf8")));
  } catch {
    return { ok: false, problems: ["the body is not JSON"] };
  }
}
