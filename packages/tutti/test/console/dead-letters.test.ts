import { expect, it } from 'vitest'
import type { ConsoleAudit, ConsoleDeadLetter, Page } from '../../src/app/console/contract.ts'
import { openConsole } from './console-client.ts'
import { mend, Order, Parcels, shownApp } from './shown-app.ts'

const patient = { timeout: 30_000 }

it('dead letters of all kinds are told, done again, edited and discarded', async () => {
  await using console = await openConsole(shownApp())
  const { app } = console
  const letters = async (query = ''): Promise<Page<ConsoleDeadLetter>> =>
    (await console.json(`/api/dead-letters${query}`)) as Page<ConsoleDeadLetter>
  const kinds = async (): Promise<string[]> => (await letters()).items.map(({ kind }) => kind).toSorted()

  await app.send(Order.commands.place('o-13', { total: 13 }))
  await app.publish(Parcels, { order: 'refused' }, { id: 'parcel-1' })
  await app.publish(Parcels, { order: 'refused' }, { id: 'parcel-2' })
  await console.post('/api/runs/fulfil', { id: 'failed', input: { order: 'x', fails: true } })
  await expect.poll(kinds, patient).toEqual(['message', 'message', 'projection', 'run'])

  expect((await letters('?kind=message&of=parcels/shipping')).items).toHaveLength(2)
  const first = await letters('?limit=3')
  expect(first.items).toHaveLength(3)
  const second = await letters(`?limit=3&after=${encodeURIComponent(first.next ?? '')}`)
  expect(second.items).toHaveLength(1)
  expect(second.next).toBeUndefined()
  expect((await console.get('/api/dead-letters?kind=odd')).status).toBe(400)

  const [edited] = (await letters('?kind=message')).items
  const edit = (body: object): Promise<Response> =>
    console.post('/api/dead-letters/edit', { kind: 'message', of: edited?.of, id: edited?.id, ...body })
  expect((await edit({})).status).toBe(400)
  expect((await edit({ data: { order: 7 } })).status).toBeGreaterThanOrEqual(400)
  expect(await (await edit({ data: { order: 'other' } })).json()).toEqual({ done: true, count: 1 })
  await expect.poll(kinds, patient).toEqual(['message', 'projection', 'run'])

  expect(await (await console.post('/api/dead-letters/discard', { kind: 'message' })).json()).toEqual({ done: true, count: 1 })
  expect(await kinds()).toEqual(['projection', 'run'])

  mend()
  expect(await (await console.post('/api/dead-letters/replay', { ids: (await letters()).items.map(({ id }) => id) })).json()).toEqual({
    done: true,
    count: 2,
  })
  await expect.poll(kinds, patient).toEqual([])
  const audit = (await console.json('/api/audit')) as Page<ConsoleAudit>
  expect(audit.items.map(({ action }) => action)).toContain('dead-letters.edit')
})
