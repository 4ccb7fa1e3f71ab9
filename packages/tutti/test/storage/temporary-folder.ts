import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A folder that goes with the test file; gives paths in it. */
export async function temporaryFolder(): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-storage-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return (name) => join(folder, name)
}
