import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, command, dependency, topic } from '../../src/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock, testApp } from '../../src/testing/index.ts'

const Payments = topic('payments', z.object({ amount: z.number() }))
const Note = command('note', { input: z.object({ what: z.string() }) })
const wait = { timeout: 15_000, interval: 5 }
const quiet = { name: 't', log: { level: 'silent' } } as const

describe('middleware of an application', () => {
  it('is around the handlers of messages, with all that these can do', async () => {
    const seen: string[] = []
    const fees = dependency('fees', () => ({ of: (amount: number) => amount / 10 }))
    const app = new App({
      ...quiet,
      storage: memoryStorage(),
      messages: {
        use: [
          async ({ message, send }, next) => {
            await send(Note({ what: `before ${message.topic}` }))
            await next()
            seen.push('after')
          },
        ],
      },
    })
      .handle(Note, ({ input }) => void seen.push(input.what))
      .consume(
        Payments,
        { group: 'g', deps: { fees }, use: [({ data }, next) => (seen.push(`own ${JSON.stringify(data)}`), next())] },
        ({ data, deps }) => {
          seen.push(`fee ${deps.fees.of(data.amount)}`)
        },
      )
    await using t = await testApp(app)
    await t.app.publish(Payments, { amount: 20 })
    await expect.poll(() => seen, wait).toEqual(['before payments', 'own {"amount":20}', 'fee 2', 'after'])
  })

  it('has messages come again where it throws', async () => {
    const attempts: number[] = []
    const app = new App({
      ...quiet,
      storage: memoryStorage(),
      messages: {
        inboxRetention: '7d',
        use: [
          ({ attempt }, next) => {
            attempts.push(attempt)
            if (attempt < 3) throw new Error('no')
            return next()
          },
        ],
      },
    }).consume(Payments, { group: 'g', inbox: true, retry: { attempts: 3, delay: 1 } }, () => attempts.push(0))
    await using t = await testApp(app)
    await t.app.publish(Payments, { amount: 20 })
    await expect.poll(() => attempts, wait).toEqual([1, 2, 3, 0])
  })

  it('is around the handlers of schedules', async () => {
    const seen: string[] = []
    const clock = fakeClock({ now: Date.UTC(2026, 0, 14, 12) })
    const app = new App({
      ...quiet,
      clock,
      storage: memoryStorage(),
      schedules: {
        use: [
          async ({ schedule, attempt, ask }, next) => {
            seen.push(`${schedule} ${attempt} ${typeof ask}`)
            if (attempt === 1) throw new Error('no')
            await next()
            seen.push('after')
          },
        ],
      },
    }).cron('nightly', '0 2 * * *', { retry: { attempts: 2, delay: '1s', jitter: 'none' } }, ({ key }) => void seen.push(key))
    await using t = await testApp(app, { clock })
    await t.app.schedules.runNow('nightly')
    await expect
      .poll(async () => {
        await clock.advance('1s')
        return seen.length
      }, wait)
      .toBe(4)
    expect(seen[0]).toBe('nightly 1 function')
    expect(seen[1]).toBe('nightly 2 function')
    expect(seen[2]).toMatch(/^nightly@/)
    expect((await t.app.schedules.history('nightly')).map(({ outcome, attempts }) => `${outcome} ${attempts}`)).toEqual(['succeeded 2'])
  })
})
