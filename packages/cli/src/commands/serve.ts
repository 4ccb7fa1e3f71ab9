import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { entryOf, listen, mainOption } from '../dev/main-file.ts'
import { endOnSignals } from '../io.ts'
import { appOption } from '../load-app.ts'
import { texts, text, whole } from '../option.ts'

const options = {
  app: appOption,
  main: mainOption,
  port: whole('--port <n>', 'where to listen, rather than at PORT or 8000'),
  host: text('--host <host>', 'on which address to listen, rather than at HOST'),
}

interface Where {
  readonly port: number | undefined
  readonly host: string | undefined
}

function environment({ port, host }: Where): Record<string, string> {
  return { ...(port !== undefined && { PORT: String(port) }), ...(host !== undefined && { HOST: host }) }
}

export const dev = command({
  name: 'dev',
  about: 'serves the application, and again after each change; the old process serves until the new one does',
  options: { ...options, watch: texts('--watch <folder>', 'looks for changes there as well; may be given several times') },
  examples: ['dev', 'dev --port 3000', 'dev --app examples/shop.ts --watch ../shared'],
  run: async (call) => {
    const { io, output } = call
    const entry = entryOf(call)
    const [{ DevServer }, { watchSources }] = await Promise.all([import('../dev/dev-server.ts'), import('../dev/watch-sources.ts')])
    const ended = Promise.withResolvers<void>()
    using _signals = endOnSignals(ended.resolve)
    io.signal.addEventListener('abort', () => ended.resolve())
    const say = (event: object, words: string): void => output.item(event, () => words)
    const server = new DevServer({
      entry,
      cwd: io.cwd,
      env: environment(call.options),
      events: {
        ready: (took) => say({ event: 'ready', milliseconds: Math.round(took) }, `Ready after ${Math.round(took)} ms.`),
        failed: (served) =>
          say(
            { event: 'failed', served },
            served ? 'It does not start; the process before goes on.' : 'It does not run; it is started again after the next change.',
          ),
      },
    })
    const folders = [io.cwd, ...call.options.watch.map((folder) => resolve(io.cwd, folder))]
    await using _watcher = await watchSources(folders, (file) => {
      say({ event: 'changed', file }, `${file} has changed.`)
      server.renew({ afresh: /(?:^|[/\\])package(?:-lock)?\.json$/.test(file) })
    })
    server.renew()
    await ended.promise
    await server.stop()
  },
})

export const start = command({
  name: 'start',
  about: 'serves the application as in production, unless NODE_ENV says otherwise',
  options,
  examples: ['start', 'start --port 8080 --host 0.0.0.0'],
  run: async (call) => {
    const entry = entryOf(call)
    Object.assign(process.env, { NODE_ENV: process.env['NODE_ENV'] ?? 'production' }, environment(call.options))
    if ('app' in entry) {
      const app = await listen(call)
      call.output.note(`${app.name} listens at ${app.address?.url}`)
      return
    }
    await import(pathToFileURL(entry.main).href).catch((cause: unknown) => {
      throw new CommandError(`${entry.main} has failed.`, { cause })
    })
  },
})
