import { describe, expect, it } from 'vitest'
import type { ConsumeMiddleware } from '../../src/messaging/public.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 10_000, interval: 2 }

describe('middleware of consumers', () => {
  it('is around the handler: that of the messenger outermost, then that of the consumer', async () => {
    const seen: string[] = []
    const layer =
      (name: string): ConsumeMiddleware =>
      async ({ message, attempt }, next) => {
        seen.push(`${name} ${message.id} ${attempt}`)
        await next()
        seen.push(`${name} done`)
      }
    const { messenger } = bench({ use: [layer('a'), layer('b')] })
    messenger.consume(orders, { group: 'g', use: [layer('c')] }, ({ data }) => seen.push(data.id))
    messenger.consume(orders, { group: 'other' }, () => undefined)
    await messenger.start()
    await messenger.publish(orders, { id: 'order', total: 1 }, { id: 'm' })
    await expect.poll(() => seen.filter((one) => one.startsWith('c')).length, wait).toBe(2)
    const own = seen.filter((one) => !/^[ab]/.test(one))
    expect(own).toEqual(['c m 1', 'order', 'c done'])
    await expect.poll(() => seen.filter((one) => one === 'a done').length, wait).toBe(2)
    expect(seen[0]).toBe('a m 1')
  })

  it('decides like the handler: it handles without it, tries again, rejects and puts back', async () => {
    const seen: string[] = []
    let puts = 0
    const gate: ConsumeMiddleware = ({ message, attempt, reject, requeue }, next) => {
      if (message.id === 'done') return undefined
      if (message.id === 'reject') reject('no')
      if (message.id === 'requeue' && puts++ === 0) requeue()
      if (message.id === 'retry' && attempt === 1) throw new Error('not yet')
      return next()
    }
    const { messenger } = bench({ use: [gate] })
    messenger.consume(orders, { group: 'g', retry: { delay: 1 } }, ({ message, attempt }) => seen.push(`${message.id} ${attempt}`))
    await messenger.start()
    for (const id of ['done', 'reject', 'requeue', 'retry']) await messenger.publish(orders, { id, total: 1 }, { id })
    await expect.poll(() => seen.toSorted(), wait).toEqual(['requeue 1', 'retry 2'])
    await expect.poll(() => messenger.deadLetters(), wait).toMatchObject([{ messageId: 'reject' }])
  })

  it('is part of the transaction of the inbox, and around dead letters that are handled again', async () => {
    let isBroken = true
    const { messenger, storage } = bench({
      use: [
        async ({ tx, message, attempt }, next) => {
          await tx?.state.put(`audit/${message.id}`, attempt)
          await next()
          if (isBroken) throw new Error('no')
        },
      ],
    })
    messenger.consume(orders, { group: 'g', inbox: true, retry: { attempts: 1 } }, () => undefined)
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 }, { id: 'm' })
    await expect.poll(async () => (await messenger.deadLetters()).length, wait).toBe(1)
    expect(await storage.state.list('audit/')).toEqual([])
    isBroken = false
    await messenger.replay({ topic: orders.name, group: 'g' })
    await expect.poll(async () => (await messenger.deadLetters()).length, wait).toBe(0)
    expect(await storage.state.get('audit/m')).toMatchObject({ value: 2 })
  })
})
