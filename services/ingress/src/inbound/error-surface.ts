// In whose dialect an error is told where no surface has taken the request: by the path, and where that says nothing, by whether the
// client reads Anthropic's.
import type { IncomingHttpHeaders } from "node:http";
import { anthropicMessages, openAiChat, SURFACES, type Surface } from "@waybill/surfaces";

/** The surface whose path the URL begins with. For any other: Anthropic's where its version is sent, else OpenAI's chat, which most clients read. */
export function errorSurface(url: string | undefined, headers: IncomingHttpHeaders = {}): Surface {
  const path = (url ?? "").split("?")[0] ?? "";
  const surface = SURFACES.find((each) => path === each.path || path.startsWith(`${each.path}/`));
  if (surface) return surface;
  return headers["anthropic-version"] === undefined ? openAiChat : anthropicMessages;
}
