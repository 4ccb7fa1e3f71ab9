import { cron, createScheduler, type CronDefinition, type FiringContext } from '../../src/schedule/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

function assert<_ extends true>(): void {}

interface Greeting extends FiringContext {
  greet(name: string): string
}

// A handler gets the context of a firing, in each of the three ways to define a schedule.
cron('a', '0 2 * * *', (ctx) => assert<Equals<typeof ctx, FiringContext>>())
cron('a', '0 2 * * *', { timezone: 'Europe/Berlin' }, (ctx) => assert<Equals<typeof ctx, FiringContext>>())
cron('a', { every: '5m', overlap: 'queue' }, (ctx) => assert<Equals<typeof ctx, FiringContext>>())

// It may want more than that, and then somebody has to hand it over.
const greeting = cron<Greeting>('b', { every: '5m' }, ({ greet, key }) => greet(key))
assert<Equals<typeof greeting, CronDefinition<Greeting>>>()
createScheduler(memoryStorage(), [greeting], { run: (ctx, handler) => handler({ ...ctx, greet: (name) => name }) })
// @ts-expect-error: nobody makes the context that the handler wants
createScheduler(memoryStorage(), [greeting])
// @ts-expect-error: what is handed over lacks something
createScheduler(memoryStorage(), [greeting], { run: (ctx, handler) => handler(ctx) })
createScheduler(memoryStorage(), [cron('a', '0 2 * * *', () => undefined)])

// @ts-expect-error: no time, no interval
cron('c', () => undefined)
// @ts-expect-error: no handler
cron('c', '0 2 * * *')
// @ts-expect-error: no such policy
cron('c', '0 2 * * *', { overlap: 'both' }, () => undefined)
// @ts-expect-error: an interval is the same in all time zones
cron('c', { every: '5m', timezone: 'Europe/Berlin' }, () => undefined)
