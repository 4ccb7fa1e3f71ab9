import type { StorageCase } from '../storage-case.ts'
import { asyncCases } from './async-cases.ts'
import { failureCases } from './failure-cases.ts'
import { inlineCases } from './inline-cases.ts'
import { processCases } from './process-cases.ts'
import { subscriptionCases } from './subscription-cases.ts'
import { tableCases } from './table-cases.ts'
import { versionCases } from './version-cases.ts'

/** What projections and subscriptions must do on every storage, as plain cases that are run as those of `storageConformance` are. */
export const projectionConformance: readonly StorageCase[] = [
  ...asyncCases,
  ...tableCases,
  ...inlineCases,
  ...failureCases,
  ...subscriptionCases,
  ...versionCases,
  ...processCases,
]
