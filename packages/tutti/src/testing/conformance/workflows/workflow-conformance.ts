import type { StorageCase } from '../storage-case.ts'
import { runCases } from './run-cases.ts'
import { takeoverCases } from './takeover-cases.ts'

/** What runs of workflows must do on every storage, as plain cases that are run as those of `storageConformance` are. */
export const workflowConformance: readonly StorageCase[] = [...runCases, ...takeoverCases]
