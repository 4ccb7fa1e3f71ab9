// Brings real servers up and takes them down again. Knows nothing of any one server: those are entries in table.mjs.
import { spawn } from 'node:child_process'
import { chownSync, closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning, processStart, withLock } from '../lock.mjs'
import * as thisHost from './host.mjs'

const START_TIMEOUT = 60_000
const STOP_TIMEOUT = 60_000
const BUSY_TIMEOUT = 30_000

/**
 * The services of one checkout. What was started is written down in `.tutti/services/<name>.json`, so that any later
 * process finds it, and `down` stops nothing else.
 */
export function createManager({ root, table, env = process.env, log = () => undefined, host = thisHost }) {
  const folder = join(root, '.tutti/services')
  const stateFile = (service) => join(folder, `${service.name}.json`)
  const locked = (service, work) => withLock(join(folder, `${service.name}.lock`), work)

  const readState = (service) => {
    try {
      return JSON.parse(readFileSync(stateFile(service), 'utf8'))
    } catch {
      return undefined
    }
  }
  const writeState = (service, state) => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(stateFile(service), `${JSON.stringify(state, undefined, 2)}\n`)
  }

  /** Where the service answers now: `{ source, url, version }`, or `{ source: 'none', reason }`. */
  async function find(service) {
    const given = env[service.env]
    if (given) {
      try {
        return { source: 'environment', url: given, ...(await service.probe(given)) }
      } catch (error) {
        return { source: 'none', reason: `${service.env} is set, but ${error.message}`, final: true }
      }
    }
    const state = readState(service)
    const started = state !== undefined && (state.compose === true || isRunning(state))
    const places = [
      ...(started ? [{ source: state.compose === true ? 'compose' : 'started', url: state.url }] : []),
      { source: 'default port', url: service.url(service.port) },
    ]
    const reasons = []
    for (const place of places) {
      try {
        return { ...place, ...(await service.probe(place.url, { login: true })) }
      } catch (error) {
        reasons.push(error.message)
      }
    }
    return { source: 'none', reason: reasons.join('; ') }
  }

  async function up(service) {
    const found = await find(service)
    if (found.source !== 'none' || found.final === true) return found
    return locked(service, async () => {
      // Another process may have brought it up while this one waited for the lock, and a server that runs but is too
      // busy to answer at once is waited for: others may be using it.
      let again = await find(service)
      for (const deadline = Date.now() + BUSY_TIMEOUT; again.source === 'none' && Date.now() < deadline; await sleep(200)) {
        if (!isRunning(readState(service))) break
        again = await find(service)
      }
      if (again.source !== 'none') return again
      try {
        const way = await chooseWay(service)
        const state = await way(service)
        return {
          source: state.compose === true ? 'compose' : 'started',
          url: state.url,
          ...(await service.probe(state.url, { login: true })),
        }
      } catch (error) {
        return { source: 'none', reason: `${again.reason}; ${error.message}` }
      }
    })
  }

  async function chooseWay(service) {
    if (host.missingPrograms(service).length > 0 && host.isDebian() && host.isRoot()) await host.installPackages(service, log)
    const missing = host.missingPrograms(service)
    if (missing.length === 0 && process.platform !== 'win32') return start
    if (host.hasCompose()) return compose
    throw new Error(
      `${missing.join(', ')} not installed, no packages to be had (that takes Debian and root), and no container engine answers. ` +
        `Install ${service.title}, start Docker, or set ${service.env} to the URL of a running server`,
    )
  }

  async function start(service) {
    const identity = host.identity(service)
    const own = host.serviceFolder(root, service, identity)
    const data = join(own, 'data')
    const old = readState(service)
    if (old !== undefined && isRunning(old)) await stop(service, old)
    const port = await host.freePort(old?.port)
    const tools = {
      data,
      port,
      program: (name) => host.findProgram(service, name),
      run: (command, input) => host.run(command, { ...identity, cwd: own, input }),
    }
    if (!readdirSync(own).includes('ready')) {
      log(`${service.title}: preparing its data folder …`)
      rmSync(data, { recursive: true, force: true })
      mkdirSync(data, { mode: 0o700 })
      if (identity.uid !== undefined) chownSync(data, identity.uid, identity.gid)
      await service.init(tools)
      // Written last: a data folder whose preparation was cut short is made anew.
      writeFileSync(join(own, 'ready'), '')
    }
    return launch(service, { tools, identity, own })
  }

  async function launch(service, { tools, identity, own }) {
    const [program, ...args] = service.command(tools)
    const logFile = join(own, 'server.log')
    const output = openSync(logFile, 'w')
    const child = spawn(program, args, { ...identity, cwd: own, detached: true, stdio: ['ignore', output, output] })
    closeSync(output)
    let ended
    child.on('error', (error) => (ended = error.message))
    child.on('exit', (code, signal) => (ended = `it ended with ${signal ?? `exit code ${code}`}`))
    child.unref()
    const state = { pid: child.pid, start: processStart(child.pid), port: tools.port, url: service.url(tools.port), log: logFile }
    writeState(service, state)
    for (const deadline = Date.now() + START_TIMEOUT; ; await sleep(30)) {
      const reason = await service.probe(state.url, { login: true }).then(
        () => undefined,
        (error) => error.message,
      )
      if (reason === undefined) return state
      if (ended !== undefined || Date.now() > deadline) {
        await stop(service, state)
        const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-10).join('\n')
        throw new Error(`${service.title} did not start: ${ended ?? reason}\n${tail}`)
      }
    }
  }

  async function compose(service) {
    log(`${service.title}: starting a container …`)
    await host.run(['docker', 'compose', 'up', '-d', '--wait', service.name], { cwd: root })
    const state = { compose: true, url: service.url(service.port) }
    writeState(service, state)
    return state
  }

  /** Stops the service if this checkout started it; says what was done. */
  function down(service) {
    return locked(service, async () => {
      const state = readState(service)
      if (state === undefined) return 'not started from here'
      const running = state.compose === true || isRunning(state)
      if (state.compose === true) await host.run(['docker', 'compose', 'stop', service.name], { cwd: root })
      else await stop(service, state)
      // The port is kept, so that a URL stays good over a restart.
      if (state.compose === true) rmSync(stateFile(service), { force: true })
      else writeState(service, { port: state.port })
      return running ? 'stopped' : 'not running'
    })
  }

  async function stop(service, state) {
    for (const signal of [service.stop, 'SIGKILL']) {
      if (isRunning(state)) process.kill(state.pid, signal)
      for (const deadline = Date.now() + STOP_TIMEOUT; isRunning(state) && Date.now() < deadline;) await sleep(20)
    }
  }

  const each = async (names, work) => {
    const chosen = names.length === 0 ? table : names.map((name) => entry(table, name))
    return Promise.all(
      chosen.map(async (service) => ({ name: service.name, title: service.title, env: service.env, ...(await work(service)) })),
    )
  }

  return {
    /** Brings the named services up (all without names): where each answers, or why it does not. */
    up: (names = []) => each(names, up),
    /** Stops those of the named services that this checkout started. */
    down: (names = []) => each(names, async (service) => ({ outcome: await down(service) })),
    /** Where each of the named services answers now, without starting anything. */
    status: (names = []) => each(names, find),
  }
}

function entry(table, name) {
  const found = table.find((service) => service.name === name)
  if (found === undefined) throw new Error(`there is no service "${name}"; the services are ${table.map((one) => one.name).join(', ')}`)
  return found
}
