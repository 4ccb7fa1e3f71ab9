import type { App } from 'tutti'
import { command, type Call } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { appOption, withOpenApp, type AppCall } from '../load-app.ts'
import { flag, word } from '../option.ts'
import { table } from '../output.ts'

type Status = Awaited<ReturnType<App['projections']['status']>>[number]

const name = word('the name of a projection or subscription')

/** How often a rebuild is looked at, in milliseconds. */
const interval = 200

const status = command({
  name: 'projections status',
  about: 'tells how projections and subscriptions are, across all processes',
  options: { app: appOption },
  examples: ['projections status', 'projections status --json'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const all = await app.projections.status()
      call.output.answer(all, () =>
        all.length === 0
          ? 'No projection or subscription has been started yet.'
          : table(
              ['NAME', 'KIND', 'STATE', 'VERSION', 'POSITION', 'BEHIND', 'DEAD LETTERS'],
              all.map((one) => [
                one.name,
                one.kind,
                one.stoppedBy === undefined ? one.state : `${one.state}: ${one.stoppedBy.message}`,
                String(one.version),
                String(one.position),
                String(one.lag.events),
                String(one.deadLetters),
              ]),
            ),
      )
    }),
})

const rebuild = command({
  name: 'projections rebuild',
  about: 'builds a read model anew beside the present one, which serves until then',
  args: { name },
  options: { app: appOption, wait: flag('--wait', 'waits until it is built, by the processes that run the application') },
  examples: ['projections rebuild order-list', 'projections rebuild order-list --wait'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      await known(app, call.args.name)
      await app.projections.reset(call.args.name)
      if (call.options.wait) await waitForBuild(app, call)
      const now = await known(app, call.args.name)
      call.output.answer(now, () =>
        now.next === undefined
          ? `${now.name} is rebuilt.`
          : `${now.name} is rebuilt by the processes that run the application; \`tutti projections status\` tells how far they are.`,
      )
    }),
})

async function waitForBuild(app: App, { args, output, io }: Call<{ readonly name: string }>): Promise<void> {
  using progress = output.progress(`Rebuilding ${args.name}`)
  for (;;) {
    const { next } = await known(app, args.name)
    if (next === undefined) return
    progress.update(next.position, Math.max(next.position, await (app.storage?.events.head() ?? 0)))
    if (io.signal.aborted) throw new CommandError('It was not waited for any longer; the rebuild goes on.')
    await new Promise((resolve) => setTimeout(resolve, interval))
  }
}

const pause = command({
  name: 'projections pause',
  about: 'has all processes stop to handle events for it, until resume',
  args: { name },
  options: { app: appOption },
  examples: ['projections pause order-list'],
  run: (call) => steer(call, (app) => app.projections.pause(call.args.name)),
})

const resume = command({
  name: 'projections resume',
  about: 'goes on after pause, or after an event has stopped it: that one is tried again',
  args: { name },
  options: { app: appOption },
  examples: ['projections resume order-list'],
  run: (call) => steer(call, (app) => app.projections.resume(call.args.name)),
})

function steer(call: AppCall & { readonly args: { readonly name: string } }, act: (app: App) => Promise<void>): Promise<void> {
  return withOpenApp(call, async (app) => {
    await known(app, call.args.name)
    await act(app)
    const now = await known(app, call.args.name)
    call.output.answer(now, () => `${now.name} is ${now.state}.`)
  })
}

async function known(app: App, wanted: string): Promise<Status> {
  const all = await app.projections.status()
  const found = all.find((one) => one.name === wanted)
  if (found !== undefined) return found
  throw new CommandError(
    `There is no projection or subscription ${JSON.stringify(wanted)} that has been started; there ${all.length === 0 ? 'are none' : `is ${all.map((one) => one.name).join(', ')}`}.`,
  )
}

export const projectionCommands = [status, rebuild, pause, resume]
