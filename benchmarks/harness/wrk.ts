import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The requests to send: those paths in turn, with a JSON body by POST where there is one. */
export interface Load {
  readonly url: string
  readonly paths: readonly string[]
  readonly body?: string
  /** In milliseconds. */
  readonly duration: number
}

/** What came of it. */
export interface LoadResult {
  readonly requests: number
  /** Requests answered per second. */
  readonly rate: number
  /** Half of the answers took no longer, in milliseconds. */
  readonly p50: number
  /** 99 of 100 answers took no longer, in milliseconds. */
  readonly p99: number
}

/** Open at the same time, by one thread: a server on one core has always something to do. */
const connections = 64
const script = join(import.meta.dirname, 'wrk.lua')

/** Sends requests as fast as they are answered. Rejects where one was refused or lost. */
export function applyLoad({ url, paths, body, duration }: Load): Promise<LoadResult> {
  const [first = '/'] = paths
  const env = { ...process.env, ...(body !== undefined && { LOAD_BODY: body }), ...(paths.length > 1 && { LOAD_PATHS: paths.join(' ') }) }
  const child = spawn('wrk', ['-t1', `-c${connections}`, '-d600s', '-s', script, `${url}${first}`], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // wrk only knows whole seconds; told to stop, it ends in order and counts what it has done.
  const timer = setTimeout(() => child.kill('SIGINT'), duration)
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      try {
        resolve(readResult(output))
      } catch (error) {
        reject(error)
      }
    })
  })
}

function readResult(output: string): LoadResult {
  const line = /^LOAD (.*)$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`wrk failed:\n${output.trim()}`)
  const { requests, microseconds, p50, p99, refused, broken } = JSON.parse(line) as Record<string, number> & LoadResult
  if (requests === 0 || refused !== 0 || broken !== 0) {
    throw new Error(`of ${requests} requests ${refused} were refused, and ${broken} connections failed`)
  }
  return { requests, rate: requests / ((microseconds ?? 0) / 1e6), p50: p50 / 1000, p99: p99 / 1000 }
}

/** Sees to it that wrk can be run: installs it where this is root on Debian. Throws, and says what to do, where it cannot be had. */
export function requireWrk(): void {
  if (hasWrk()) return
  const advice = 'the HTTP benchmarks need wrk: install it with "apt-get install wrk" (Debian, Ubuntu) or "brew install wrk" (macOS)'
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(advice)
  console.error('Installing wrk …')
  const install = ['-q', '-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', 'wrk']
  // The package lists may be missing, or older than what the mirror has.
  if (!aptGet(install)) {
    aptGet(['-q', 'update'])
    aptGet(install)
  }
  if (!hasWrk()) throw new Error(advice)
}

function hasWrk(): boolean {
  return spawnSync('wrk', ['-v'], { stdio: 'ignore' }).error === undefined
}

function aptGet(args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
}
