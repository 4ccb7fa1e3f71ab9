import type { StorageCase } from '../storage-case.ts'
import { commandCases } from './command-cases.ts'
import { historyCases } from './history-cases.ts'

/** What repositories must do on every storage, as plain cases that are run as those of `storageConformance` are. */
export const repositoryConformance: readonly StorageCase[] = [...commandCases, ...historyCases]
