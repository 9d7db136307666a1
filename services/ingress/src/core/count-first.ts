// What the router answers, after the input's tokens were counted where it asks for that: there is no room for its bytes, but likely for
// them. Counted once for a request, whatever attempts follow.
import { type AskedRequest, rewriteRequestTexts } from "@waybill/surfaces";
import type { DecideRequest, DecideResponse } from "@waybill/wire";
import type { CountTokens } from "../ports.ts";

/** `exactTokenizer` of a request whose tokens could not be counted, so that nobody asks for it again. */
const NOT_COUNTED = "-";

export interface Counted {
  response: DecideResponse;
  /** As it was asked last; what follows asks the same. */
  request: DecideRequest;
}

/** `ask`: once, or twice. */
export async function countFirst(
  request: DecideRequest,
  asked: Pick<AskedRequest, "body">,
  count: CountTokens,
  ask: (request: DecideRequest) => Promise<DecideResponse>,
): Promise<Counted> {
  const response = await ask(request);
  if (response.outcome?.$case !== "countInput" || !request.features) return { response, request };
  const { tokenizer } = response.outcome.value;
  const tokens = await count(tokenizer, textsOf(asked));
  const exact =
    tokens === undefined
      ? { exactInputTokens: 0n, exactTokenizer: NOT_COUNTED }
      : { exactInputTokens: BigInt(tokens), exactTokenizer: tokenizer };
  const again = { ...request, features: { ...request.features, ...exact } };
  return { response: await ask(again), request: again };
}

function textsOf({ body }: Pick<AskedRequest, "body">): string[] {
  const texts: string[] = [];
  rewriteRequestTexts(body, (text) => {
    texts.push(text);
    return text;
  });
  return texts;
}
