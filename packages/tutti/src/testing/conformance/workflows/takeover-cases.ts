import { workflow } from '../../../workflow/index.ts'
import { passThrough } from '../pass-through.ts'
import { processOf } from '../process-storage.ts'
import { casesOf, together } from '../storage-case.ts'
import { startEngine } from './engine.ts'

/** A lease that is over soon, for what others have to take over. */
const short = { lease: '600ms' } as const

/** Processes that share runs, and take them over. */
export const takeoverCases = casesOf('processes of runs', {
  'one that dies is taken over from behind the last finished step': async ({ storage, open, check, name }) => {
    const called: string[] = []
    const hanging = Promise.withResolvers<void>()
    const flowOf = (process: string) =>
      workflow(name('flow'), {}, async (w) => {
        const first = await w.step('reserve', () => {
          called.push(`${process} reserve`)
          return process
        })
        await w.step('charge', ({ key }) => {
          called.push(`${process} ${key.slice(key.lastIndexOf('/') + 1)}`)
          if (process === 'a') hanging.resolve()
          return process === 'a' ? new Promise(() => undefined) : undefined
        })
        return `${first} ${process}`
      })
    const dying = processOf(await open())
    const dead = await startEngine(dying.storage, [flowOf('a')], short)
    await dead.run(flowOf('a'), undefined, { id: 'x' })
    await hanging.promise
    dying.kill()
    await using successor = await startEngine(storage, [flowOf('b')])
    check.equal(await successor.get(flowOf('b'), 'x').result(), 'a b')
    check.equal(called.at(-1), 'b charge')
    check.ok(!called.includes('b reserve'), 'a step was done again that was recorded')
    await dead.stop({ timeout: 1 })
  },

  'one that was stopped and goes on writes nothing any more': async ({ storage, open, check, name }) => {
    const ends: (() => void)[] = []
    const flowOf = (process: string) =>
      workflow(name('flow'), {}, async (w) => {
        await w.step('charge', () => new Promise<string>((resolve) => ends.push(() => resolve(process))))
        return w.step('ship', () => process)
      })
    const sleepy = processOf(await open())
    const zombie = await startEngine(sleepy.storage, [flowOf('a')], short)
    await zombie.run(flowOf('a'), undefined, { id: 'x' })
    await check.soon(() => ends.length > 0, true)
    sleepy.freeze()
    const begun = ends.length
    await using successor = await startEngine(storage, [flowOf('b')])
    await check.soon(() => ends.length > begun, true)
    sleepy.thaw()
    for (const end of ends) end()
    const run = successor.get(flowOf('b'), 'x')
    check.equal(await run.result(), 'b')
    check.same(
      (await run.steps()).map(({ step, result }) => [step, result]),
      [
        ['charge', 'b'],
        ['ship', 'b'],
      ],
    )
    await zombie.stop({ timeout: 1 })
  },

  'a commit of which nobody heard is done once': async ({ storage, open, check, name }) => {
    const key = `${name('purses')}/a`
    const flow = workflow(name('flow'), {}, (w) =>
      w.tx('pay', async (tx) => {
        await tx.state.put(key, ((await tx.state.get<number>(key))?.value ?? 0) + 1)
        return 'paid'
      }),
    )
    const unlucky = processOf(await open())
    unlucky.loseAnswer()
    await using engine = await startEngine(unlucky.storage, [flow])
    const run = await engine.run(flow, undefined)
    check.equal(await run.result(), 'paid')
    check.equal((await storage.state.get(key))?.value, 1)
    check.equal((await run.steps()).length, 1)
  },

  'together they keep to the limits of a workflow': async ({ storage, open, check, name }) => {
    let inside = 0
    let most = 0
    const flow = workflow(name('flow'), { input: passThrough<number>(), concurrency: 2 }, (w, input) =>
      w.step('hold', async () => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setTimeout(resolve, 5))
        inside--
        return input
      }),
    )
    await using here = await startEngine(storage, [flow])
    await using there = await startEngine(await open(), [flow])
    const runs = await together(20, (i) => (i % 2 === 0 ? here : there).run(flow, i))
    check.same(
      await Promise.all(runs.map((run) => run.result())),
      Array.from({ length: 20 }, (_, i) => i),
    )
    check.ok(most <= 2, `${most} runs went on at a time, of two that may`)
  },
})
