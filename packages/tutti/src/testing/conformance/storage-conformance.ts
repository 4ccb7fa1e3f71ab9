import { appendCases } from './appends.ts'
import { bigStreamCases } from './big-streams.ts'
import { claimCases } from './claims.ts'
import { closingCases } from './closing.ts'
import { documentCases } from './documents.ts'
import { edgeCases } from './edge-cases.ts'
import { groupCommitCases } from './group-commit.ts'
import { idempotencyCases } from './idempotency.ts'
import { isolationCases } from './isolation.ts'
import { nestedCases } from './nested.ts'
import { pageCases } from './pages.ts'
import { readCases } from './reads.ts'
import { sqlBatchCases } from './sql-batches.ts'
import type { StorageCase } from './storage-case.ts'
import { streamLifeCases } from './stream-life.ts'
import { transactionCases } from './transactions.ts'
import { wakeUpCases } from './wake-ups.ts'

/**
 * What every storage must do, as plain cases; none minds data that is there already:
 * `for (const one of storageConformance) it(one.name, async ({ skip }) => { const reason = await runStorageCase(one, open); if (reason) skip(reason) })`.
 */
export const storageConformance: readonly StorageCase[] = [
  ...appendCases,
  ...idempotencyCases,
  ...readCases,
  ...pageCases,
  ...transactionCases,
  ...nestedCases,
  ...sqlBatchCases,
  ...isolationCases,
  ...documentCases,
  ...claimCases,
  ...streamLifeCases,
  ...edgeCases,
  ...groupCommitCases,
  ...wakeUpCases,
  ...closingCases,
  ...bigStreamCases(5000),
]
