import type { Storage } from '../storage/index.ts'
import type { Build } from './build.ts'
import { BuildTables } from './build-tables.ts'
import type { Durable } from './builds.ts'
import { updateControl } from './control.ts'
import { listLetters } from './dead-letters.ts'
import { checkpointKey } from './segment.ts'

/** Removes the documents, tables, checkpoints and dead letters of builds that nobody needs any more. Resolves with their ids. */
export async function pruneBuilds(storage: Storage, definition: Durable): Promise<readonly string[]> {
  let old: readonly Build[] = []
  const control = await updateControl(storage, definition.name, (before) => {
    if (before === undefined) return undefined
    const newest = before.builds.at(-1)
    old = before.builds.filter(({ id }) => id !== before.live && id !== before.active && id !== newest?.id)
    return undefined
  })
  if (control === undefined) return []
  for (const build of old) await remove(storage, definition, build)
  // It is forgotten last, so that what is interrupted can be done again.
  const gone = new Set(old.map(({ id }) => id))
  await updateControl(
    storage,
    definition.name,
    (before) => before && { ...before, builds: before.builds.filter(({ id }) => !gone.has(id)) },
  )
  return [...gone]
}

async function remove(storage: Storage, definition: Durable, build: Build): Promise<void> {
  const { state } = storage
  const segments = Array.from({ length: build.segments }, (_, segment) => ({ key: checkpointKey(build, segment), delete: true }) as const)
  await state.write(segments)
  for (;;) {
    const documents = await state.list(`${build.id}/`, { limit: 500 })
    if (documents.length === 0) break
    await state.write(documents.map(({ key }) => ({ key, delete: true })))
  }
  const letters = await listLetters(storage, `${build.id}/`)
  await state.write(letters.map(({ key }) => ({ key, delete: true })))
  if (definition.kind === 'projection') await new BuildTables(storage).define(build, definition.tables.teardown)
}
