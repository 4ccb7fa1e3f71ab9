import { subscription, type PoisonPolicy } from '../../../projections/index.ts'
import { casesOf, together, type CaseTools } from '../storage-case.ts'
import { Accounts } from './accounts.ts'
import { patiently, startProjector } from './projector.ts'

/** Side effects of events. */
export const subscriptionCases = casesOf('subscriptions', {
  'one begins now, and goes on where it stood': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    await accounts.pay('a', 1)
    const seen: number[] = []
    const mail = subscription(accounts.name, { from: [accounts.Account.events.paid] }, ({ data }) => void seen.push(data.amount))
    for (const amount of [2, 3]) {
      await using projector = await startProjector(await open(), [mail])
      await projector.waitFor(mail, await accounts.pay('a', amount), patiently)
    }
    const last = await accounts.pay('a', 4)
    await using projector = await startProjector(storage, [mail])
    await projector.waitFor(mail, last, patiently)
    check.same(seen, [2, 3, 4])
  },

  'each stream is handled in order, and streams side by side': async (tools) => {
    const { storage, check } = tools
    const accounts = new Accounts(tools)
    const seen: string[] = []
    let running = 0
    let most = 0
    const options = { from: [accounts.Account], start: 'beginning', segments: 16 } as const
    const slow = subscription(accounts.name, options, async ({ stream, streamVersion }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
      seen.push(`${stream}:${streamVersion}`)
    })
    const positions = await together(20, async (account) => {
      for (let i = 0; i < 2; i++) await accounts.pay(String(account), i)
      return accounts.pay(String(account), 2)
    })
    await using projector = await startProjector(storage, [slow])
    await projector.waitFor(slow, Math.max(...positions), patiently)
    check.ok(most > 3, `streams are handled side by side, not ${most} at a time`)
    for (let i = 0; i < 20; i++) {
      const stream = `${accounts.stream(String(i))}:`
      check.same(
        seen.filter((one) => one.startsWith(stream)),
        [1, 2, 3].map((version) => `${stream}${version}`),
      )
    }
  },

  'a new version goes on where the one before stood, whatever the segments': async (tools) => {
    const { storage, check, open } = tools
    const accounts = new Accounts(tools)
    const seen: string[] = []
    const make = (version: number, segments: number) =>
      subscription(
        accounts.name,
        { from: [accounts.Account], version, segments },
        ({ data }) => void seen.push(`${version}:${data.amount}`),
      )
    const first = await startProjector(storage, [make(1, 8)])
    let last = 0
    for (let i = 0; i < 10; i++) last = await accounts.pay(String(i), i)
    await first.waitFor(accounts.name, last, patiently)
    await first.stop()
    for (let i = 10; i < 20; i++) last = await accounts.pay(String(i), i)
    await using second = await startProjector(await open(), [make(2, 3)])
    await second.waitFor(accounts.name, last, patiently)
    check.same(
      seen.map((one) => Number(one.slice(2))).toSorted((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i),
    )
    check.equal(seen.filter((one) => one.startsWith('2:')).length, 10)
    await second.reset(accounts.name, { from: last - 1 })
    await check.soon(() => seen.slice(20), ['2:19'])
  },

  'an event that cannot be handled is skipped by policy': (tools) => poisoned(tools, 'skip'),
  'an event that cannot be handled parks its stream by policy': (tools) => poisoned(tools, 'park'),
  'an event that cannot be handled stops everything by policy': (tools) => poisoned(tools, 'stop'),
})

/** -2 cannot be handled until it is healed. */
async function poisoned(tools: CaseTools, poison: PoisonPolicy): Promise<void> {
  const { storage, check } = tools
  const accounts = new Accounts(tools)
  const seen: number[] = []
  let healed = false
  const options = { from: [accounts.Account], start: 'beginning', poison, retry: { attempts: 3, delay: 1 } } as const
  const definition = subscription(accounts.name, options, ({ data }) => {
    seen.push(data.amount)
    if (data.amount < 0 && !healed) throw new Error('poison')
  })
  for (const amount of [1, -2]) await accounts.pay('a', amount)
  await accounts.pay('b', 3)
  const last = await accounts.pay('a', 4)
  await using projector = await startProjector(storage, [definition])
  if (poison === 'stop') {
    await check.soon(async () => (await projector.status())[0]?.state, 'stopped')
    check.equal(seen.includes(4), false)
    healed = true
    await projector.resume(definition)
    await projector.waitFor(definition, last, patiently)
    check.equal(seen.at(-1), 4)
    return
  }
  await projector.waitFor(definition, last, patiently)
  check.equal(seen.filter((amount) => amount === -2).length, 3)
  check.equal(seen.includes(4), poison === 'skip')
  healed = true
  await projector.replay(definition)
  await check.soon(async () => (await projector.deadLetters(definition)).length, 0)
  check.same(poison === 'skip' ? seen.at(-1) : seen.slice(-2), poison === 'skip' ? -2 : [-2, 4])
}
