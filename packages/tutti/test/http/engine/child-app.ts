import cluster from 'node:cluster'
import { once } from 'node:events'
import { App, sse, type AppOptions } from '../../../src/index.ts'
import { createMeter } from '../../../src/observe/index.ts'

// A process of its own for tests of signals, starts and workers; what it is to do is in the environment.
const options: AppOptions = JSON.parse(process.env['TEST_OPTIONS'] ?? '{}')
const mode = process.env['TEST_MODE'] ?? ''
const say = (line: string): void => void process.stdout.write(`${line}\n`)

if (mode === 'crash-at-import') throw new Error('the import went wrong')

/** How many requests the handler of `/` began. */
let begun = 0
const counted = createMeter('test').counter('test.requests')

const app = new App({ name: 'child', log: { level: 'error' }, ...options })
app.onStart(() => {
  say(`started ${process.pid}`)
  if (mode === 'crash-at-start') throw new Error('no database here')
  if (mode === 'exit-at-start') process.exit(3)
})
app.onReady(() => {
  if (mode === 'crash-soon') setTimeout(() => process.exit(4), 50)
})
app.onStop(() => {
  say(`begun ${begun}`)
  say(`stopped ${process.pid}`)
})
app.get('/', () => {
  begun++
  counted.add(1)
  return 'ok'
})
app.get('/pid', () => String(process.pid))
app.get('/held', async () => {
  say('held began')
  await once(process.stdin, 'data')
  return 'held'
})
app.get('/never', () => {
  say('never began')
  return new Promise(() => {})
})
app.get('/events', ({ signal }) =>
  sse(
    (async function* () {
      yield 'hello'
      await once(signal, 'abort')
      yield 'goodbye'
    })(),
  ),
)
app.get('/deaf', () =>
  sse(
    (async function* () {
      yield 'hello'
      await new Promise(() => {})
    })(),
  ),
)
const { url } = await app.listen(Number(process.env['TEST_PORT'] ?? 0), process.env['TEST_HOST'])
if (cluster.isPrimary) say(`listening ${url}`)
