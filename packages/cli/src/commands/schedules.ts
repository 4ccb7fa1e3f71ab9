import type { App } from 'tutti'
import { command } from '../command.ts'
import { appOption, withOpenApp, type AppCall } from '../load-app.ts'
import { word } from '../option.ts'
import { table, time } from '../output.ts'

const args = { name: word('the name of a schedule') }
const options = { app: appOption }

const list = command({
  name: 'schedules list',
  about: 'lists schedules with their next and last firing',
  options,
  examples: ['schedules list', 'schedules list --json'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const all = await app.schedules.status()
      call.output.answer(all, () =>
        all.length === 0
          ? 'There are no schedules.'
          : table(
              ['NAME', 'TIMES', 'STATE', 'NEXT', 'LAST', 'OUTCOME'],
              all.map(({ name, timetable, state, next, last }) => [
                name,
                timetable,
                state,
                time(next),
                time(last?.startedAt),
                last?.outcome ?? '',
              ]),
            ),
      )
    }),
})

const run = command({
  name: 'schedules run',
  about: 'asks for a firing now, also of a schedule that is paused',
  args,
  options,
  examples: ['schedules run nightly-report'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const key = await app.schedules.runNow(call.args.name)
      call.output.answer({ name: call.args.name, key }, () => `${call.args.name} is run by a process that runs the application: ${key}`)
    }),
})

const pause = command({
  name: 'schedules pause',
  about: 'no process begins a firing by itself any more, until resume',
  args,
  options,
  examples: ['schedules pause nightly-report'],
  run: (call) => steer(call, (app) => app.schedules.pause(call.args.name)),
})

const resume = command({
  name: 'schedules resume',
  about: 'goes on after pause; the times in between are left out',
  args,
  options,
  examples: ['schedules resume nightly-report'],
  run: (call) => steer(call, (app) => app.schedules.resume(call.args.name)),
})

function steer(call: AppCall & { readonly args: { readonly name: string } }, act: (app: App) => Promise<void>): Promise<void> {
  return withOpenApp(call, async (app) => {
    await act(app)
    const now = (await app.schedules.status()).find(({ name }) => name === call.args.name)
    call.output.answer(now, () => `${call.args.name} is ${now?.state}${now?.next === undefined ? '' : `, next at ${time(now.next)}`}.`)
  })
}

export const scheduleCommands = [list, run, pause, resume]
