import type { Storage } from '../storage/index.ts'
import type { Repository, RepositoryOptions } from './repository.ts'

/** A repository, whose code is loaded when the first one is opened: applications without aggregates need none of it. */
export async function openRepository(storage: Storage, options: RepositoryOptions): Promise<Repository> {
  const { createRepository } = await import('./create-repository.ts')
  return createRepository(storage, options)
}
