import { currentContext, OptionError } from '../kernel/index.ts'
import { flushAtExit, reportOnce } from './log-destination.ts'
import { ComponentLevels } from './component-levels.ts'
import { ecsLines } from './ecs-lines.ts'
import { checkLevel, initialLevels, ranks } from './log-level.ts'
import type { LogDestination, LogFields, LogFormat, Logger, LogLevel, LogOptions, LogThreshold } from './logger.ts'
import type { LogTap } from './log-record.ts'
import { jsonLines, standardOutput, type LineWriter } from './pino-logger.ts'
import { PlainCopy, property, setField, type Plain, type PlainRecord } from './plain-value.ts'
import { atTerminal, prettyLines, wantsColor } from './pretty-lines.ts'
import { secretTest, type SecretTest } from './secret-name.ts'
import { withoutSecrets } from './secret-text.ts'

/**
 * A logger that writes JSON lines, or lines for people at a terminal; `tap` hears of each of them. Throws `TUTTI_OPTION_INVALID` for an
 * unknown level or format.
 */
export function createLogger(options: LogOptions = {}, tap?: LogTap): Logger {
  const { level, components } = initialLevels(options.level, options.levels)
  return new LeveledLogger(new Output(options, { levels: new ComponentLevels(components), tap }), options.base ?? {}, level)
}

/** What a logger and its children share. Everything that costs is put off until the first line. */
class Output {
  readonly isSecret: SecretTest
  readonly levels: ComponentLevels
  readonly #options: LogOptions
  readonly #format: LogFormat
  readonly #tap: LogTap | undefined
  #destination: LogDestination | undefined
  #write: LineWriter | undefined

  constructor(options: LogOptions, { levels, tap }: { readonly levels: ComponentLevels; readonly tap: LogTap | undefined }) {
    this.levels = levels
    this.#tap = tap
    this.#options = options
    this.#format = formatOf(options)
    this.isSecret = secretTest(options.redact)
  }

  write(level: LogLevel, text: string, fields: PlainRecord): void {
    const message = withoutSecrets(text, this.isSecret)
    this.#write ??= this.#open()
    this.#write(level, message, fields)
    if (this.#tap?.hears === true) this.#tap.log({ time: Date.now(), level, message, fields })
  }

  async flush(): Promise<void> {
    if (this.#destination?.flush !== undefined) await this.#destination.flush()
    else this.#destination?.flushSync?.()
  }

  #open(): LineWriter {
    const { destination } = this.#options
    const output = destination ?? standardOutput()
    flushAtExit(output)
    this.#destination = output
    if (this.#format === 'pretty') return prettyLines(output, wantsColor(destination))
    return this.#format === 'ecs' ? ecsLines(output) : jsonLines(output)
  }
}

const formats: ReadonlySet<string> = new Set<LogFormat>(['json', 'ecs', 'pretty'])
const isFormat = (text: string): text is LogFormat => formats.has(text)

/** Throws `TUTTI_OPTION_INVALID` for an unknown format. */
function formatOf({ format, destination }: LogOptions): LogFormat {
  const variable = process.env['LOG_FORMAT']?.trim().toLowerCase() ?? ''
  const chosen: string = format ?? (variable === '' || destination !== undefined ? 'json' : variable)
  if (!isFormat(chosen)) {
    const from = format === undefined ? 'LOG_FORMAT' : 'the log format'
    throw new OptionError(`Received ${JSON.stringify(chosen)} as ${from}; wanted one of ${[...formats].join(', ')}.`)
  }
  return format === undefined && variable === '' && destination === undefined && atTerminal() ? 'pretty' : chosen
}

class LeveledLogger implements Logger {
  readonly #output: Output
  readonly #fields: LogFields
  readonly #parent: LeveledLogger | undefined
  readonly #component: string | undefined
  #level: LogThreshold | undefined
  #componentLevel: LogThreshold | undefined
  #levelsVersion = -1
  #plain: PlainRecord | undefined

  constructor(output: Output, fields: LogFields, from: LeveledLogger | LogThreshold) {
    this.#output = output
    this.#fields = fields
    const component = property(fields, 'component')
    if (typeof component === 'string') this.#component = component
    if (from instanceof LeveledLogger) this.#parent = from
    else this.#level = from
  }

  get level(): LogThreshold {
    return this.#level ?? this.#ofComponent() ?? this.#parent?.level ?? 'info'
  }

  get levels(): Readonly<Record<string, LogThreshold>> {
    return this.#output.levels.all()
  }

  trace(message: string, fields?: LogFields): void {
    if (ranks[this.level] <= ranks.trace) this.#write('trace', message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    if (ranks[this.level] <= ranks.debug) this.#write('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    if (ranks[this.level] <= ranks.info) this.#write('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    if (ranks[this.level] <= ranks.warn) this.#write('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    if (ranks[this.level] <= ranks.error) this.#write('error', message, fields)
  }

  fatal(message: string, fields?: LogFields): void {
    if (ranks[this.level] <= ranks.fatal) this.#write('fatal', message, fields)
  }

  child(fields: LogFields): Logger {
    return new LeveledLogger(this.#output, fields, this)
  }

  isEnabled(level: LogLevel): boolean {
    return ranks[this.level] <= ranks[level]
  }

  setLevel(level: LogThreshold, component?: string): void {
    if (component === undefined) this.#level = checkLevel(level, 'the log level')
    else this.#output.levels.set(component, level)
  }

  async flush(): Promise<void> {
    try {
      await this.#output.flush()
    } catch (error) {
      reportOnce(error)
    }
  }

  #ofComponent(): LogThreshold | undefined {
    if (this.#component === undefined) return undefined
    const { levels } = this.#output
    if (this.#levelsVersion !== levels.version) {
      this.#componentLevel = levels.of(this.#component)
      this.#levelsVersion = levels.version
    }
    return this.#componentLevel
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    try {
      // What is said closer to the line wins: the call, then the logger, then the context.
      const record = { ...contextFields(), ...this.#bound() }
      if (fields !== undefined) addFields(record, fields, this.#output.isSecret)
      this.#output.write(level, typeof message === 'string' ? message : String(message), record)
    } catch (error) {
      reportOnce(error)
    }
  }

  /** The fields of this logger, made plain once. */
  #bound(): PlainRecord {
    if (this.#plain !== undefined) return this.#plain
    const record: Record<string, Plain> = this.#parent === undefined ? {} : { ...this.#parent.#bound() }
    addFields(record, this.#fields, this.#output.isSecret)
    return (this.#plain = record)
  }
}

function contextFields(): Record<string, Plain> {
  const context = currentContext()
  const record: Record<string, Plain> = {}
  if (context === undefined) return record
  record['correlationId'] = context.correlationId
  if (context.trace !== undefined) {
    record['traceId'] = context.trace.traceId
    record['spanId'] = context.trace.spanId
  }
  if (context.tenant !== undefined) record['tenant'] = context.tenant
  if (context.actor !== undefined) record['actor'] = context.actor.id
  return record
}

function addFields(record: Record<string, Plain>, fields: LogFields, isSecret: SecretTest): void {
  const copy = new PlainCopy(isSecret, fields)
  for (const name of Object.keys(fields)) {
    const value = property(fields, name)
    if (value === undefined) continue
    // Fields often come from clients: they must not be able to say what the logger says.
    const own = name === 'level' || name === 'time' || name === 'message' ? `${name}_` : name
    setField(record, own, copy.field(name, value))
  }
}
