// What the machine offers for starting a server: system users, programs, packages, folders, ports, a container engine.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, chownSync, constants, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'

export const isRoot = () => process.getuid?.() === 0

/** Runs a program to its end and returns its output; the error of a failing one holds the last lines it wrote. */
export function run(command, { input, ...options } = {}) {
  const [program, ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
    child.on('error', (error) => reject(new Error(`${program} could not be started: ${error.message}`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${program} ended with ${signal ?? `exit code ${code}`}:\n${output.trim().split('\n').slice(-15).join('\n')}`))
    })
  })
}

/** The identity a service runs under: its own system user where this is root, else whoever runs this. */
export function identity(service) {
  if (!isRoot()) return {}
  const ids = ['-u', '-g'].map((flag) => spawnSync('id', [flag, service.user], { encoding: 'utf8' }))
  if (ids.some((result) => result.status !== 0)) throw new Error(`the system user ${service.user} does not exist`)
  const [uid, gid] = ids.map((result) => Number(result.stdout))
  return { uid, gid }
}

/** The path of a program of the service, or `undefined` where it is not installed. */
export function findProgram(service, name) {
  const folders = [...service.folders, ...(process.env['PATH'] ?? '').split(delimiter)].filter(Boolean)
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

export const missingPrograms = (service) => service.programs.filter((name) => findProgram(service, name) === undefined)

/** Installs the service's Debian packages without starting the system-wide server that comes with them. */
export async function installPackages(service, log) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = ['apt-get', '-q', '-o', 'DPkg::Lock::Timeout=300']
  const install = [...apt, 'install', '-y', '--no-install-recommends', ...service.packages]
  log(`${service.title}: installing ${service.packages.join(', ')} …`)
  try {
    await run(install, { env })
  } catch {
    // The package lists may be missing, or older than the packages that the mirror still has.
    await run([...apt, 'update'], { env })
    await run(install, { env })
  }
}

/**
 * An empty or existing folder for the service's files that its user can reach: in the checkout, or where a folder above
 * that is closed to other users, in `/var/tmp` under a name made from the checkout's path.
 */
export function serviceFolder(root, service, { uid, gid } = {}) {
  const inside = join(root, '.tutti/services', service.name)
  mkdirSync(dirname(inside), { recursive: true })
  if (uid === undefined || canEnter(dirname(inside), uid, gid)) return ownFolder(inside, { uid, gid })
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16)
  return ownFolder(`/var/tmp/tutti-${hash}-${service.name}`, { uid, gid })
}

function canEnter(folder, uid, gid) {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { uid, gid, cwd: '/' }).status === 0
}

function ownFolder(folder, { uid, gid }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const found = lstatSync(folder)
  const expected = [uid ?? process.getuid?.(), process.getuid?.()]
  if (!found.isDirectory() || (process.getuid !== undefined && !expected.includes(found.uid))) {
    throw new Error(`${folder} belongs to another user; remove it`)
  }
  if (uid !== undefined) chownSync(folder, uid, gid)
  return folder
}

/**
 * The wanted loopback port if it is free, else any free one. That is below those that systems give out by themselves: while a server
 * is down, nobody who asks for any port or opens a connection gets the port that it comes back to.
 */
export async function freePort(wanted = 0) {
  const random = Array.from({ length: 50 }, () => 15_000 + Math.floor(Math.random() * 17_000))
  for (const port of wanted === 0 ? random : [wanted, ...random]) {
    try {
      return await listenOnce(port)
    } catch {
      // Another one then.
    }
  }
  return listenOnce(0)
}

function listenOnce(port) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const { port: found } = server.address()
      server.close(() => resolve(found))
    })
  })
}

export const isDebian = () => existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')

/** Whether a container engine answers, and understands `docker compose`. */
export function hasCompose() {
  const quiet = { stdio: 'ignore', timeout: 10_000 }
  return spawnSync('docker', ['info'], quiet).status === 0 && spawnSync('docker', ['compose', 'version'], quiet).status === 0
}
