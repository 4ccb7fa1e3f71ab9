import type { AppendWrite, DeleteWrite, PutWrite, Write } from 'tutti/storage'

/** What one call of `write_batch` does. */
export type BatchWrite = AppendWrite | PutWrite | DeleteWrite

/** Whether a write is done by `write_batch`. */
export function isBatchWrite(write: Write): write is BatchWrite {
  return write.kind === 'append' || write.kind === 'put' || write.kind === 'delete'
}

/** No name, key or JSON text holds it. */
const separator = '\u001f'

/** The arguments of `write_batch` for units of writes, behind the first one. */
export function batchArguments(units: readonly { readonly writes: readonly BatchWrite[] }[]): (string | null)[] {
  const order = { units: [] as number[], kinds: [] as number[], references: [] as number[] }
  const appends: AppendWrite[] = []
  const documents: (PutWrite | DeleteWrite)[] = []
  for (const [i, { writes }] of units.entries()) {
    for (const write of writes) {
      order.units.push(i + 1)
      if (write.kind === 'append') {
        order.kinds.push(0)
        order.references.push(appends.push(write))
      } else {
        order.kinds.push(write.kind === 'put' ? 1 : 2)
        order.references.push(documents.push(write))
      }
    }
  }
  return [
    numbers(order.units),
    numbers(order.kinds),
    numbers(order.references),
    ...appendArguments(appends),
    ...documentArguments(documents),
  ]
}

function appendArguments(appends: readonly AppendWrite[]): (string | null)[] {
  if (appends.length === 0) return Array.from({ length: 15 }, () => null)
  const names = placesOf(appends.map(({ stream }) => stream))
  const streams: number[] = []
  const expected: number[] = []
  const counts: number[] = []
  const keys: string[] = []
  const same: number[] = []
  const tenants: string[] = []
  const times: number[] = []
  const event = { append: [] as number[], offset: [] as number[], version: [] as number[] }
  const ids: string[] = []
  const types: string[] = []
  const data: string[] = []
  const meta: string[] = []
  const seen = new Map<string, number>()
  let keyed = false
  let tenanted = false
  for (const [i, append] of appends.entries()) {
    const { stream, events, key, tenant } = append
    streams.push(names.get(stream) as number)
    expected.push(append.expected)
    counts.push(events.length)
    times.push(append.time)
    keys.push(key ?? '')
    tenants.push(tenant ?? '')
    tenanted ||= tenant !== undefined
    if (key === undefined) same.push(0)
    else {
      keyed = true
      const place = `${stream}${separator}${key}`
      same.push(seen.get(place) ?? 0)
      seen.set(place, i + 1)
    }
    for (const [nth, { id, type, version, data: json, meta: facts }] of events.entries()) {
      event.append.push(i + 1)
      event.offset.push(nth + 1)
      event.version.push(version)
      ids.push(id)
      types.push(type)
      data.push(json)
      meta.push(facts)
    }
  }
  return [
    texts([...names.keys()]),
    numbers(streams),
    numbers(expected),
    numbers(counts),
    keyed ? texts(keys) : null,
    numbers(same),
    tenanted ? texts(tenants) : null,
    numbers(times),
    numbers(event.append),
    numbers(event.offset),
    texts(ids),
    texts(types),
    numbers(event.version),
    texts(data),
    texts(meta),
  ]
}

function documentArguments(writes: readonly (PutWrite | DeleteWrite)[]): (string | null)[] {
  if (writes.length === 0) return Array.from({ length: 13 }, () => null)
  const keys = placesOf(writes.map(({ key }) => key))
  const puts = writes.map((write) => (write.kind === 'put' ? write : undefined))
  const claims = puts.some((put) => put?.claim !== undefined)
  return [
    texts([...keys.keys()]),
    numbers(writes.map(({ key }) => keys.get(key))),
    numbers(writes.map(({ ifVersion }) => ifVersion)),
    numbers(writes.map(({ epoch }) => epoch)),
    `{${puts.map((put) => (put?.release === true ? 't' : 'f')).join(',')}}`,
    numbers(puts.map((put) => put?.due)),
    numbers(puts.map((put) => put?.time ?? 0)),
    texts(puts.map((put) => put?.value ?? 'null')),
    texts(puts.map((put) => put?.hints ?? '')),
    texts(puts.map((put) => put?.status ?? '')),
    texts(puts.map((put) => put?.tenant ?? '')),
    claims ? texts(puts.map((put) => put?.claim?.owner ?? '')) : null,
    claims ? numbers(puts.map((put) => put?.claim?.until)) : null,
  ]
}

/** The distinct names in their order, each with its place from 1: rows are locked in this order by every batch. */
function placesOf(names: readonly string[]): Map<string, number> {
  const distinct = [...new Set(names)].toSorted()
  return new Map(distinct.map((name, i) => [name, i + 1]))
}

/** An array of numbers as the server reads it. */
export function numbers(values: readonly (number | undefined)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** Texts in one. */
export function texts(values: readonly string[]): string {
  return values.join(separator)
}
