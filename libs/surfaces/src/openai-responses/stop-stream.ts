// Ends a stream of Responses early: what is open is done as it stands, and the response is incomplete for `max_output_tokens`. The last
// event says the whole answer once more, so the stream is put together on the way.
import type { StreamEvent } from "../answer-texts.ts";
import { isObject } from "../read-fields.ts";
import type { StreamStop } from "../stream-stop.ts";

type Fields = Record<string, unknown>;

/** The list of an item, or the item itself, in which a kind of delta goes on with a field. */
const DELTAS: Readonly<Record<string, { list?: "content" | "summary"; field: string }>> = {
  "response.output_text.delta": { list: "content", field: "text" },
  "response.refusal.delta": { list: "content", field: "refusal" },
  "response.reasoning_text.delta": { list: "content", field: "text" },
  "response.reasoning_summary_text.delta": { list: "summary", field: "text" },
  "response.function_call_arguments.delta": { field: "arguments" },
  "response.custom_tool_call_input.delta": { field: "input" },
};
const PARTS: Readonly<Record<string, "content" | "summary">> = {
  "response.content_part.added": "content",
  "response.reasoning_summary_part.added": "summary",
};

export class ResponsesStop implements StreamStop {
  #response: Fields = {};
  #sequence = 0;
  /** By their place. */
  readonly #items = new Map<number, { item: Fields; isDone: boolean }>();

  saw(event: StreamEvent): void {
    const { type, sequence_number: sequence, output_index: place, item, response } = event;
    if (typeof sequence === "number") this.#sequence = sequence;
    if (isObject(response)) this.#response = response;
    if (typeof place !== "number") return;
    if (isObject(item)) this.#items.set(place, { item, isDone: type === "response.output_item.done" });
    else this.#into(this.#items.get(place)?.item, event);
  }

  end(): string {
    let text = "";
    for (const [place, { item, isDone }] of this.#items) {
      if (isDone) continue;
      item.status = "incomplete";
      text += this.#event("response.output_item.done", { output_index: place, item });
    }
    const output = [...this.#items].sort(([one], [other]) => one - other).map(([, { item }]) => item);
    const incomplete = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    return text + this.#event("response.incomplete", { response: { ...this.#response, ...incomplete, output } });
  }

  #into(item: Fields | undefined, event: StreamEvent): void {
    const { type, content_index: content, summary_index: summary, part, delta } = event;
    if (!item || typeof type !== "string") return;
    const begun = PARTS[type];
    if (begun) {
      listOf(item, begun)[placeIn(content ?? summary)] = isObject(part) ? part : {};
      return;
    }
    const { list, field } = DELTAS[type] ?? {};
    if (field === undefined || typeof delta !== "string") return;
    const holder = list === undefined ? item : listOf(item, list)[placeIn(content ?? summary)];
    if (isObject(holder)) holder[field] = `${holder[field] ?? ""}${delta}`;
  }

  #event(type: string, fields: object): string {
    this.#sequence += 1;
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#sequence, ...fields })}\n\n`;
  }
}

function listOf(item: Fields, name: string): unknown[] {
  const known = item[name];
  if (Array.isArray(known)) return known;
  const list: unknown[] = [];
  item[name] = list;
  return list;
}

/** A place that no provider names stays out of the way of memory. */
function placeIn(index: unknown): number {
  return typeof index === "number" && index >= 0 && index < 10_000 ? index : 0;
}
