import type { Draft } from './request.ts'

/** A request that was sent from this browser. */
export interface PastRequest {
  readonly draft: Draft
  readonly at: number
  readonly status: number
  readonly took: number
}

const KEY = 'tutti.console.requests'
const MOST = 50

/** The requests that were sent from this browser, newest first. */
export function pastRequests(store: Pick<Storage, 'getItem'> = localStorage): readonly PastRequest[] {
  try {
    const list: unknown = JSON.parse(store.getItem(KEY) ?? '[]')
    return Array.isArray(list) ? list.filter(isPastRequest) : []
  } catch {
    return []
  }
}

function isPastRequest(value: unknown): value is PastRequest {
  return typeof value === 'object' && value !== null && 'draft' in value && 'at' in value && 'status' in value
}

/** Keeps a request, without headers that let somebody in; the same one again takes the place of the former. */
export function keepRequest(request: PastRequest, store: Pick<Storage, 'getItem' | 'setItem'> = localStorage): readonly PastRequest[] {
  const headers = Object.fromEntries(
    Object.entries(request.draft.headers).filter(([name]) => !/authorization|cookie|key|token|secret/i.test(name)),
  )
  const kept = { ...request, draft: { ...request.draft, headers } }
  const same = JSON.stringify(kept.draft)
  const list = [kept, ...pastRequests(store).filter(({ draft }) => JSON.stringify(draft) !== same)].slice(0, MOST)
  try {
    store.setItem(KEY, JSON.stringify(list))
  } catch {
    // The browser's store is full or shut: the list holds for this page.
  }
  return list
}
