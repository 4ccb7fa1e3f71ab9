import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const index = new URL('../../src/observe/index.ts', import.meta.url).href

/** Runs a program in a process of its own; `observe` is what the folder exports. */
function run(program: string, ...flags: string[]): { readonly status: number | null; readonly lines: string[]; readonly stderr: string } {
  const source = `import * as observe from ${JSON.stringify(index)}\n${program}`
  const env = { PATH: process.env['PATH'] ?? '' }
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', source], {
    encoding: 'utf8',
    env,
  })
  return { status, lines: stdout.split('\n').filter((line) => line !== ''), stderr }
}

describe('the last lines of a process', () => {
  it('are written before process.exit', () => {
    const { status, lines } = run(`const log = observe.createLogger()
      for (let i = 0; i < 2000; i++) log.info('line', { i, pad: 'x'.repeat(200) })
      log.fatal('the last')
      process.exit(3)`)
    expect(status).toBe(3)
    expect(lines).toHaveLength(2001)
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ level: 'fatal', message: 'the last' })
  })

  it('are written before an uncaught error ends it, also by a destination that keeps lines', () => {
    const { status, lines, stderr } = run(`import { writeSync } from 'node:fs'
      const kept = []
      const flushSync = () => writeSync(1, kept.splice(0).join(''))
      const log = observe.createLogger({ destination: { write: (line) => kept.push(line), flushSync } })
      observe.createLogger().info('first')
      log.info('kept')
      throw new Error('crash')`)
    expect(status).toBe(1)
    expect(stderr).toContain('crash')
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['first', 'kept'])
  })

  it('do not bring down a process whose reader went away', () => {
    const program = `const log = (await import(${JSON.stringify(index)})).createLogger()
      for (let i = 0; i < 5000; i++) log.info('line', { pad: 'x'.repeat(500) })
      process.stderr.write('still here')`
    const { status, stderr } = spawnSync(
      'sh',
      ['-c', '{ "$0" --input-type=module --eval "$1"; } | head -n 1 >/dev/null', process.execPath, program],
      { encoding: 'utf8' },
    )
    expect(status).toBe(0)
    expect(stderr).toBe('still here')
  })
})

describe('loading', () => {
  const loaded = `import { createRequire } from 'node:module'
    const loaded = (part) => Object.keys(createRequire(${JSON.stringify(index)}).cache).filter((file) => file.includes(part)).length > 0
    const state = () => [loaded('/pino/'), loaded('/@opentelemetry/')]`

  it('takes neither pino nor OpenTelemetry until they are needed', () => {
    const { lines, stderr } = run(`${loaded}
      const states = []
      const log = observe.createLogger({ level: 'info', destination: { write: () => {} } }).child({ a: 1 })
      const span = observe.createTracer('x').startSpan('y')
      span.end()
      observe.createMeter('x').counter('c').add(1)
      log.debug('not written')
      states.push(state())
      log.info('written')
      states.push(state())
      process.stdout.write(JSON.stringify(states))`)
    expect(stderr).toBe('')
    expect(JSON.parse(lines[0] ?? '')).toEqual([
      [false, false],
      [true, false],
    ])
  })

  it('takes no heavy part of Node by import', () => {
    const list = `process.stdout.write(JSON.stringify(process.moduleLoadList.filter((name) => /^NativeModule (http|https|net|tls|crypto|tty|worker_threads|zlib|internal\\/deps\\/undici\\/undici)$/.test(name))))`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', list], { encoding: 'utf8' })
    // What Node loads by itself for a program like this is not counted.
    expect(JSON.parse(run(list).lines[0] ?? '')).toEqual(JSON.parse(stdout))
  })
})

describe('measuring', () => {
  it('allocates nothing on a bound instrument', () => {
    const { lines, stderr } = run(
      `const meter = observe.createMeter('x')
      const counter = meter.counter('c').with({ method: 'GET' })
      const histogram = meter.histogram('h').with({ method: 'GET' })
      const record = (times) => { for (let i = 0; i < times; i++) { counter.add(1); histogram.record(0.03) } }
      const cost = () => {
        globalThis.gc()
        const before = process.memoryUsage().heapUsed
        record(500_000)
        return process.memoryUsage().heapUsed - before
      }
      // Code that is not compiled yet allocates; when it is compiled depends on how busy the machine is.
      const wanted = 200_000
      let least = Infinity
      for (let i = 0; i < 100 && least > wanted; i++) least = Math.min(least, cost())
      process.stdout.write(String(least))`,
      '--expose-gc',
    )
    expect(stderr).toBe('')
    // One byte per recording would make a million.
    expect(Number(lines[0])).toBeLessThanOrEqual(200_000)
  })
})
