// invoices map: what a name in a provider's files is on the books.
import { Argument, type Command } from "commander";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addMap(invoices: Command): void {
  addVerb(
    invoices,
    "map",
    "say what an account or a model of a provider's files is on the books; holds for files of before, too",
    "invoices map account proj_abc main --provider openai",
    "invoices map model deployment-7 gpt-4o --provider azure",
  )
    .addArgument(new Argument("<what>", "what is named").choices(["account", "model"]))
    .argument("<invoiced>", 'as the files have it; "" where they name none')
    .argument("<booked>", "the account's id, or the provider's own name of the model, on the books")
    .requiredOption("--provider <id>", "the provider as waybill.yaml names it")
    .option("--reason <text>", "why; stands beside the name", "")
    .action(
      async (
        names: string,
        invoiced: string,
        booked: string,
        { provider, reason }: { provider: string; reason: string },
        command: Command,
      ) => {
        const { api, print } = contextOf(command);
        const mapped = await api.put("/invoices/names", { provider, names, invoiced, booked, reason });
        print(mapped, () => `the ${names} ${JSON.stringify(invoiced)} of ${provider} is ${booked} on the books`);
      },
    );
}
