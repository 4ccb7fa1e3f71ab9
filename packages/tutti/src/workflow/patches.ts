import type { Operations } from './operations.ts'

/** Which edits of its code a run does the new way: once said, it stays so. */
export function patches(run: Operations): (edit: string) => boolean {
  const known = new Map<string, boolean>()
  return (edit) => {
    let isNew = known.get(edit)
    if (isNew === undefined) known.set(edit, (isNew = decide(run, `patch ${edit}`)))
    return isNew
  }
}

function decide(run: Operations, name: string): boolean {
  // A run that came past here before the edit has something recorded behind it, but not the edit.
  if (!run.has(run.scope.peek(name)) && run.isBehind(run.scope)) return false
  const place = run.enter('patch', name)
  if (place.recorded === undefined) run.record(place, {})
  return true
}
