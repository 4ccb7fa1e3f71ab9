import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openConsole, type ConsoleClient } from './console-client.ts'
import { shownApp } from './shown-app.ts'

const changes = [
  '/api/commands/order.place',
  '/api/projections/totals/pause',
  '/api/runs/fulfil',
  '/api/runs/fulfil/x/cancel',
  '/api/schedules/nightly/run',
  '/api/jobs/x/cancel',
  '/api/topics/parcels/shipping/pause',
  '/api/dead-letters/replay',
  '/api/dead-letters/discard',
  '/api/dead-letters/edit',
  '/api/log-levels',
]

describe('a change is refused', () => {
  let console: ConsoleClient
  beforeAll(async () => {
    console = await openConsole(shownApp())
  })
  afterAll(() => console[Symbol.asyncDispose]())

  it.each([
    ['without its header', { 'content-type': 'application/json' }, 403],
    ['from a page of another origin', { 'content-type': 'application/json', 'x-tutti-console': '1', origin: 'http://localhost:1' }, 403],
    ['from an opaque origin', { 'content-type': 'application/json', 'x-tutti-console': '1', origin: 'null' }, 403],
    ['from another site', { 'content-type': 'application/json', 'x-tutti-console': '1', 'sec-fetch-site': 'cross-site' }, 403],
    ['from a sister site', { 'content-type': 'application/json', 'x-tutti-console': '1', 'sec-fetch-site': 'same-site' }, 403],
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded', 'x-tutti-console': '1' }, 415],
    ['as text', { 'content-type': 'text/plain', 'x-tutti-console': '1' }, 415],
    ['for another host', { 'content-type': 'application/json', 'x-tutti-console': '1', host: 'evil.example' }, 403],
  ])('%s', async (_, headers, status) => {
    for (const path of changes) expect((await console.raw('POST', path, headers)).status, path).toBe(status)
  })

  it('as GET', async () => {
    for (const path of ['/api/commands/order.place', '/api/log-level/x', '/api/dead-letters/replay'])
      expect((await console.get(path)).status).toBe(404)
  })
})

it('where the Console is read-only every change is refused, and everything is shown', async () => {
  await using console = await openConsole(shownApp({ console: { readonly: true } }))
  for (const path of changes) {
    const response = await console.post(path)
    expect(response.status, path).toBe(403)
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('readonly') as string })
  }
  expect(await console.json('/api/app')).toMatchObject({ readonly: true })
  expect(await console.json('/api/audit')).toMatchObject({ items: [] })
})

it('an application without anything has empty views', async () => {
  await using console = await openConsole()
  for (const path of ['projections', 'messages', 'workflows', 'schedules', 'topics', 'aggregates', 'routes'])
    expect(await console.json(`/api/${path}`), path).toEqual([])
  for (const path of ['runs', 'jobs', 'dead-letters', 'audit', 'events'])
    expect(await console.json(`/api/${path}`), path).toMatchObject({ items: [] })
  expect((await console.post('/api/projections/x/pause')).status).toBe(404)
  expect((await console.post('/api/schedules/x/run')).status).toBe(404)
  expect((await console.post('/api/jobs/x/cancel')).status).toBe(404)
  expect((await console.post('/api/runs/x', {})).status).toBe(404)
  expect((await console.post('/api/log-levels', { level: 'silent' })).status).toBe(200)
  expect(await console.json('/api/audit')).toMatchObject({ items: [{ action: 'log-level.change' }, {}, {}, {}, {}] })
})
