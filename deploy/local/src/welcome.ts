// What a person sees when the stack is ready: where it is, a line to paste, and what to try next.

import type { RunningStack } from "./stack.ts";

export function welcome({ plan, secrets }: RunningStack, stateDir: string): string {
  const chat = `${plan.gatewayUrl}/v1/chat/completions`;
  const key = secrets.demoKeys.support_1;
  const adminKey =
    secrets.demoKeys.admin ?? "(made with: DATABASE_URL=... node services/budget/dist/main.js --make-admin-key)";
  if (key === undefined) {
    return `Gateway   ${plan.gatewayUrl}/v1
Admin     ${plan.adminUrl}/api/v1
This database has organisations of its own, so no demo was made: use one of their keys.
An admin key   DATABASE_URL=... node services/budget/dist/main.js --make-admin-key

Logs      ${stateDir}/logs
Stop      Ctrl-C`;
  }
  const research = secrets.demoKeys.research_1 ?? secrets.demoKeys.research ?? key;
  const question = `{"model":"dynamic/support","messages":[{"role":"user","content":"Where is my parcel?"}]}`;
  const streamed = `{"model":"dynamic/support","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Where is my parcel?"}]}`;
  const dear = `{"model":"sim/premium","messages":[{"role":"user","content":"Explain double entry."}]}`;
  const json = `-H 'content-type: application/json'`;
  return `Gateway   ${plan.gatewayUrl}/v1
Key       ${key}
Admin     ${plan.adminUrl}/api/v1 (OpenAPI: /api/v1/openapi.json)
Its key   ${adminKey}

Try       curl ${chat} -H 'authorization: Bearer ${key}' ${json} -d '${question}'

Then      as it is written, from the better model, with what it cost at the end:
          curl -N ${chat} -H 'authorization: Bearer ${key}' -H 'x-user-plan: paid' ${json} -d '${streamed}'

          a team whose $0.02 are soon used up (402 after a dozen or two answers):
          for i in $(seq 30); do curl -s -o /dev/null -w '%{http_code}\\n' ${chat} -H 'authorization: Bearer ${research}' ${json} -d '${dear}'; done

          what it all cost:
          npm run -s sql -- "select * from finance.cost_by_team_day"

          how routes look (every change of them: /api/v1/audit):
          curl ${plan.adminUrl}/api/v1/routes -H 'authorization: Bearer ${adminKey}'

          one more worker:
          node --env-file=${stateDir}/worker.env services/worker/dist/main.js

Logs      ${stateDir}/logs        Keys and addresses   ${stateDir}/dev.env
Stop      Ctrl-C                  Start over           npm run reset`;
}
