// A lock file shared by processes of one checkout. Plain JavaScript without dependencies: it runs before `npm ci` has.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync, linkSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A text that tells one process from a later one with the same id, or `undefined` when no such process runs.
 * On Linux it is the start time in clock ticks since boot (field 22 of proc(5) stat), elsewhere what `ps` prints.
 */
export function processStart(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The command in parentheses may hold spaces and parentheses itself, so the fields count from the last one.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? undefined : fields[19]
    }
    process.kill(pid, 0)
    if (process.platform === 'win32') return 'running'
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}

/** Whether the process that was written down as `{ pid, start }` still runs, and not another one under its id. */
export function isRunning(process_) {
  const start = processStart(process_?.pid)
  return start !== undefined && start === process_.start
}

/** Runs `work` while holding the lock file; waits for a running holder and takes over from a dead one. */
export async function withLock(file, work, { timeout = 600_000 } = {}) {
  mkdirSync(dirname(file), { recursive: true })
  const mine = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`
  const deadline = Date.now() + timeout
  writeFileSync(mine, JSON.stringify({ pid: process.pid, start: processStart(process.pid) }))
  try {
    // Linking a finished file takes the lock and names its holder in one step: nobody ever reads a half-written one.
    while (!tryLink(mine, file)) {
      const holder = readHolder(file)
      if (holder !== undefined && !isRunning(holder)) rmSync(file, { force: true })
      else if (Date.now() > deadline) throw new Error(`${file} is held by process ${holder?.pid}; end that process or delete the file`)
      else await sleep(50)
    }
  } finally {
    rmSync(mine, { force: true })
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function tryLink(from, to) {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
