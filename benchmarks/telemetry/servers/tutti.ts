import { App, type TelemetryOptions } from 'tutti'
import type { TelemetryExport } from 'tutti/telemetry'
import { announce } from '../../harness/announce.ts'
import { user } from '../../http/routes.ts'

/** Takes spans as an exporter does, and throws them away. */
const sink: TelemetryExport = {
  open: () => Promise.resolve({ spans: () => undefined, flush: () => Promise.resolve(), close: () => Promise.resolve() }),
}

/** What the bench compares. */
const modes: Readonly<Record<string, TelemetryOptions | boolean>> = {
  off: false,
  'nobody listens': true,
  '10 %': { sample: 0.1, export: sink },
  '100 %': { sample: 1, export: sink },
  'kept here': { sample: 0.1, store: { path: ':memory:' } },
}

const app = new App({ name: 'bench', log: { level: 'silent' }, telemetry: modes[process.argv[2] ?? ''] ?? true })
app.get('/', () => ({ hello: 'world' }))
app.get('/users/:id', ({ params }) => user(params.id))
const { url } = await app.listen(0, '127.0.0.1')
announce(url)
