import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { keepRequest, pastRequests } from '../src/views/routes/request-history.ts'
import { curlOf, parameterNames, pathOf, testOf, type Draft } from '../src/views/routes/request.ts'

const draft: Draft = {
  method: 'POST',
  route: String.raw`/orders/:id(\d+)/notes`,
  params: { id: 'a/b' },
  query: { tag: ['x', 'y z'], empty: '', limit: 3 },
  headers: { 'x-api-key': 'demo' },
  body: { text: 'it\'s "here"', items: [1] },
}

describe('requests', () => {
  it('have their parameters filled in', () => {
    expect(pathOf(draft)).toBe('/orders/a%2Fb/notes?tag=x&tag=y+z&limit=3')
    expect(pathOf({ ...draft, route: '/files/*', params: { '*': 'a b/c' }, query: {} })).toBe('/files/a%20b/c')
    expect(parameterNames('/a/:id/b/:other?')).toEqual(['id', 'other'])
    expect(parameterNames('/files/*')).toEqual(['*'])
  })

  it('are calls of curl that a shell reads back as they were', () => {
    const printed = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }; ${curlOf(draft, 'http://localhost:8000')}`], {
      encoding: 'utf8',
    })
    expect(printed.trimEnd().split('\n')).toEqual([
      '-X',
      'POST',
      `http://localhost:8000${pathOf(draft)}`,
      '-H',
      'x-api-key: demo',
      '-H',
      'content-type: application/json',
      '-d',
      JSON.stringify(draft.body),
    ])
    expect(curlOf({ ...draft, method: 'GET', body: undefined, headers: {}, query: {} }, '')).toBe("curl '/orders/a%2Fb/notes'")
  })

  it('are tests that compile to the same call', () => {
    const code = testOf(draft, 201)
    expect(code).toContain(`await t.post('/orders/a%2Fb/notes', {`)
    expect(code).toContain('expect(response.status).toBe(201)')
    expect(code).toContain(`{
    query: { tag: ['x', 'y z'], empty: '', limit: 3 },
    headers: { 'x-api-key': 'demo' },
    json: { text: 'it\\'s "here"', items: [1] },
  })`)
    expect(testOf({ ...draft, method: 'GET', route: '/', query: {}, headers: {}, body: undefined }, undefined)).toContain(
      "await t.get('/')\n",
    )
  })

  it('are remembered without what lets somebody in, each once', () => {
    const kept = new Map<string, string>()
    const store = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }
    const secret = { ...draft, headers: { Authorization: 'Bearer x', accept: 'text/html' } }
    keepRequest({ draft: secret, at: 1, status: 200, took: 1 }, store)
    keepRequest({ draft, at: 2, status: 200, took: 1 }, store)
    keepRequest({ draft: secret, at: 3, status: 404, took: 1 }, store)
    expect(pastRequests(store).map(({ at }) => at)).toEqual([3, 2])
    expect(pastRequests(store)[0]?.draft.headers).toEqual({ accept: 'text/html' })
    expect(pastRequests({ getItem: () => '{broken' })).toEqual([])
  })
})
