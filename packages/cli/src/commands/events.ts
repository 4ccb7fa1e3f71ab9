import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { App } from 'tutti'
import type { ReadAllOptions, RecordedEvent, Storage } from 'tutti/storage'
import { command, type Call } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { writeLine } from '../events/event-line.ts'
import { importEvents } from '../events/import-events.ts'
import { tailEvents } from '../events/tail-events.ts'
import { endOnSignals } from '../io.ts'
import { appOption, withOpenApp } from '../load-app.ts'
import { flag, maybeWord, text, texts, whole } from '../option.ts'
import { count, time } from '../output.ts'

const filters = {
  app: appOption,
  type: texts('--type <type>', 'only events of this type; may be given several times'),
  streams: texts('--streams <prefix>', 'only streams whose names begin with this; may be given several times'),
  tenant: text('--tenant <tenant>', 'only events of this tenant'),
  archived: flag('--archived', 'events of archived streams as well'),
}
const after = whole('--after <position>', 'only events behind this position; with --backwards below it')

interface Filters {
  readonly type: readonly string[]
  readonly streams: readonly string[]
  readonly tenant: string | undefined
  readonly archived: boolean
  readonly after?: number | undefined
}

const read = command({
  name: 'events read',
  about: 'prints events of the whole log, or of one stream, in their order',
  args: { stream: maybeWord('the name of a stream; all events without it') },
  options: {
    ...filters,
    after,
    limit: whole('--limit <n>', 'so many at most, 100 unless told otherwise', { least: 1 }),
    backwards: flag('--backwards', 'the newest first'),
  },
  examples: [
    'events read',
    'events read order-42',
    'events read --type order.placed --backwards --limit 10',
    'events read --json | jq .data',
  ],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const { limit = 100, backwards } = call.options
      const { stream } = call.args
      const { events } = storageOf(app)
      if (stream !== undefined && (await events.info(stream)) === undefined)
        throw new CommandError(`There is no stream ${JSON.stringify(stream)}.`)
      const found =
        stream === undefined ? events.readAll({ ...filterOf(call.options), limit, backwards }) : events.read(stream, { limit, backwards })
      let printed = 0
      for await (const event of found) {
        print(call, event)
        printed++
      }
      if (printed === limit) call.output.note(`These are ${limit}; there may be more: --limit, --after`)
    }),
})

const tail = command({
  name: 'events tail',
  about: 'prints events as they are appended, by any process, until Ctrl-C',
  options: {
    ...filters,
    after: whole('--after <position>', 'begins behind this position, rather than with what comes now'),
    limit: whole('--limit <n>', 'ends after so many', { least: 1 }),
  },
  examples: ['events tail', 'events tail --type order.placed', 'events tail --after 0 --json'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const enough = new AbortController()
      using _signals = endOnSignals(() => enough.abort())
      let left = call.options.limit ?? Number.POSITIVE_INFINITY
      for await (const event of tailEvents(storageOf(app), filterOf(call.options), AbortSignal.any([enough.signal, call.io.signal]))) {
        print(call, event)
        if (--left === 0) break
      }
    }),
})

const exported = command({
  name: 'events export',
  about: 'writes events as lines of JSON, which import reads',
  options: { ...filters, after, output: text('--output <file>', 'writes them to a new file, rather than to the terminal') },
  examples: ['events export --output events.ndjson', 'events export --streams order- | gzip > orders.ndjson.gz'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const { output } = call.options
      const { events } = storageOf(app)
      const codec = await import('tutti/storage')
      const last = await events.head()
      using progress = call.output.progress('Exporting')
      await using file = output === undefined ? undefined : await newFile(resolve(call.io.cwd, output))
      let written = 0
      for await (const event of events.readAll(filterOf(call.options))) {
        if (event.position > last || call.io.signal.aborted) break
        const line = writeLine(event, codec)
        if (file === undefined) call.output.print(line)
        else await file.write(`${line}\n`)
        written++
        progress.update(event.position, last)
      }
      if (output !== undefined) call.output.answer({ file: output, events: written }, () => `${count(written, 'event')} in ${output}.`)
    }),
})

const imported = command({
  name: 'events import',
  about: 'appends events that export has written, at the versions that they had; what is there already is left out',
  args: { file: maybeWord('lines of JSON; what comes in without it') },
  options: { app: appOption, dryRun: flag('--dry-run', 'reads and checks all lines, and appends nothing') },
  examples: ['events import events.ndjson', 'gunzip < orders.ndjson.gz | tutti events import', 'events import events.ndjson --dry-run'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const { dryRun } = call.options
      using progress = call.output.progress('Importing')
      const report = await importEvents(linesOf(call), storageOf(app), { dryRun, progress })
      call.output.answer({ ...report, dryRun }, () => {
        const there = report.skipped === 0 ? '' : `; ${count(report.skipped, 'event')} were there already`
        return `${count(report.imported, 'event')} ${dryRun ? 'would be ' : ''}imported${there}.`
      })
    }),
})

function storageOf(app: App): Storage {
  if (app.storage !== undefined) return app.storage
  throw new CommandError(`The application ${app.name} uses no storage.`)
}

function filterOf({ type, streams, tenant, archived, after: behind }: Filters): ReadAllOptions {
  return {
    archived,
    ...(type.length > 0 && { types: type }),
    ...(streams.length > 0 && { streams }),
    ...(tenant !== undefined && { tenant }),
    ...(behind !== undefined && { after: behind }),
  }
}

function print({ output }: Call, event: RecordedEvent): void {
  output.item(event, () => {
    const { position, stream, streamVersion, type, data } = event
    return `${String(position).padStart(6)}  ${time(event.time)}  ${stream}@${streamVersion}  ${type}  ${shown(data)}`
  })
}

function shown(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}

async function newFile(path: string): Promise<{ write(text: string): Promise<unknown>; [Symbol.asyncDispose](): Promise<void> }> {
  const file = await open(path, 'wx').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(
      cause.code === 'EEXIST' ? `${path} exists already; it is not written over.` : `${path} cannot be written: ${cause.message}`,
    )
  })
  return { write: (text) => file.appendFile(text), [Symbol.asyncDispose]: () => file.close() }
}

function linesOf({ args, io }: Call<{ readonly file: string | undefined }>): AsyncIterable<string> {
  const { file } = args
  const input = file === undefined ? Readable.from(io.input) : createReadStream(resolve(io.cwd, file))
  return linesFrom(input, file ?? 'what comes in')
}

async function* linesFrom(input: Readable, name: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (cause) {
    throw new CommandError(`${name} cannot be read.`, { cause })
  }
}

export const eventCommands = [read, tail, exported, imported]
