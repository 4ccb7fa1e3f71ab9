import { changedQuery, type QueryChanges } from '../shell/routing.ts'
import { asApiError, problemOf } from './problem.ts'

function address(path: string, query: QueryChanges = {}): URL {
  const url = new URL(`api/${path}`, document.baseURI)
  url.search = changedQuery(new URLSearchParams(), query).toString()
  return url
}

async function answer<T>(url: URL, init: RequestInit): Promise<T> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, { ...init, credentials: 'same-origin' })
    text = await response.text()
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw asApiError(error)
  }
  const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
  const body = isJson && text !== '' ? JSON.parse(text) : undefined
  if (!response.ok) throw problemOf(response.status, body)
  return body
}

/** Asks the Console's API: `get<ConsoleTrace[]>('traces', { status: 'error' })`. Rejects with an `ApiError`. */
export function get<T>(path: string, query: QueryChanges = {}, signal?: AbortSignal): Promise<T> {
  return answer<T>(address(path, query), { headers: { accept: 'application/json' }, ...(signal && { signal }) })
}

/** Changes something through the Console's API. Call it through `act`, which asks first and tells the outcome. */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return answer<T>(address(path), {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', 'x-tutti-console': '1' },
    body: JSON.stringify(body),
  })
}

/** A path of the API made of parts that may hold any character: `path('runs', workflow, id)`. */
export const path = (...parts: readonly string[]): string => parts.map(encodeURIComponent).join('/')
