import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { atLeast, printTable, type Suite } from '../harness/report.ts'
import { median, pairedRatio } from '../harness/statistics.ts'
import { launch, type Launch } from './launch.ts'

const programs = [
  ['Tutti', 'tutti'],
  ['node:http', 'node'],
  ['node:http, required', 'node-required'],
  ['Fastify', 'fastify'],
  ['Hono', 'hono'],
  ['Express', 'express'],
].map(([name = '', file]) => ({ name, file: join(import.meta.dirname, `servers/${file}.mjs`) }))

/** A hello app is to listen within this, in milliseconds. */
const limit = 50

/** The time from the start of the process to an open port, of a hello app on the published files. */
export const startup: Suite = async ({ quick }) => {
  bundle()
  const rounds = quick ? 15 : 31
  const measured = new Map<string, Launch[]>(programs.map(({ name }) => [name, []]))
  // The first round fills the caches of the file system.
  for (const { file } of programs) await launch(file)
  for (let round = 0; round < rounds; round++) {
    for (const { name, file } of round % 2 === 0 ? programs : programs.toReversed()) measured.get(name)?.push(await launch(file))
  }
  const times = (name: string, of: keyof Launch): number[] => (measured.get(name) ?? []).map((one) => one[of])
  const shown = (name: string, of: keyof Launch): string => median(times(name, of)).toFixed(1)
  const rows = programs.map(({ name }) => [name, shown(name, 'listening'), shown(name, 'inside'), shown(name, 'answered')])
  printTable('Start of a hello app: medians in ms', ['', 'listening', 'by its own clock', 'first answer'], rows)
  const own = times('Tutti', 'listening')
  return [
    atLeast(`startup: ${limit} ms / Tutti until it listens`, limit / median(own), 1),
    atLeast('startup: Fastify / Tutti until it listens', pairedRatio(times('Fastify', 'listening'), own), 1),
  ]
}

/** Users run what is published: bundled files, without the condition that takes the sources. */
function bundle(): void {
  const script = join(import.meta.dirname, '../../scripts/bundle.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the package could not be bundled:\n${stderr}`)
}
