// node scripts/run.mjs scripts/docs-check.ts: checks the pages against the code and prints the differences.

import * as protocol from './docs-check-protocol.ts';
import * as references from './docs-check-references.ts';
import { checkSizes } from './docs-check-sizes.ts';
import * as configuration from './docs-configuration.ts';
import * as disclosure from './docs-disclosure.ts';
import { checkOpenApi } from './docs-openapi.ts';

/** By name. */
export const checks: Record<string, () => string[]> = {
  'which message needs which capability': protocol.checkCapabilities,
  'every message type has its number, caps and section, and no other has': protocol.checkCatalogue,
  'field tables agree with the schemas': protocol.checkFields,
  'tables of shared objects agree with the schemas': protocol.checkSharedObjects,
  'every example is a valid message': protocol.checkExamples,
  'the error table agrees with the code': protocol.checkErrors,
  'the table of close codes agrees with the code': protocol.checkCloseCodes,
  'the limits agree with the code': protocol.checkLimits,
  'the numbers in sentences are those of the code': protocol.checkNumbers,
  'the tag tables of signed bytes agree with the code': protocol.checkContexts,
  'the connection states agree with the gateway': protocol.checkStates,
  'the refusals of enrolment agree with auth': protocol.checkRefusals,
  'docs/configuration.md is what the options of the services say': configuration.checkPage,
  '.env.example names exactly the options of the services': configuration.checkEnvExample,
  'docs/openapi.json is what the admin API takes and sends': checkOpenApi,
  'docs/what-the-server-sees.md is what is declared': disclosure.checkPage,
  'infra/redis/users.acl is what is declared': disclosure.checkUsers,
  'every HTTP route is declared': disclosure.checkRoutes,
  'the budgets of the SDK are those of its build': checkSizes,
  'every path named in a page exists': references.checkPaths,
  'every link leads somewhere': references.checkLinks,
  'every test named in a page exists': references.checkTestReferences,
  'docs/coverage.md has every row of the seed, each with its proof': references.checkCoverage,
};

if (import.meta.main) {
  const faults = Object.values(checks).flatMap((check) => check());
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? 'the pages agree with the code' : `${faults.length} faults in the pages`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
