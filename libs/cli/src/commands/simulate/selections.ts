// Models and their shares as options say them.
import { InvalidArgumentError } from "commander";

export interface Selection {
  model: string;
  share: string;
  /** Part of the traffic; absent: every part that nothing else names. */
  of?: string;
}

/** `<provider>/<model>` or `<provider>/<model>=<share>`, repeated. */
export function collectSelection(text: string, before: readonly Selection[] | undefined): Selection[] {
  const [model = "", share = "1", ...rest] = text.split("=");
  if (!model.includes("/") || share === "" || rest.length > 0) {
    throw new InvalidArgumentError("It must be <provider>/<model> or <provider>/<model>=<share>.");
  }
  return [...(before ?? []), { model, share }];
}

/** `<recorded model>=<model>` or `<recorded model>=<model>=<share>`, repeated. */
export function collectReplacement(text: string, before: readonly Selection[] | undefined): Selection[] {
  const [of = "", model = "", share = "1", ...rest] = text.split("=");
  if (!of.includes("/") || !model.includes("/") || share === "" || rest.length > 0) {
    throw new InvalidArgumentError("It must be <recorded model>=<model> or <recorded model>=<model>=<share>.");
  }
  return [...(before ?? []), { model, share, of }];
}
