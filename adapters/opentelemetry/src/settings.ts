import { readFileSync } from 'node:fs'
import { milliseconds } from 'tutti/storage'
import { TuttiError, type Duration } from 'tutti'
import { countVariable, invalidOption, isWanted, otlpVariable, pairs, variable } from './environment.ts'
import { optionNames, type OpenTelemetryOptions, type Protocol, type TlsOptions } from './options.ts'

/** A kind of telemetry, by its name in OTLP's paths. */
export type Signal = 'traces' | 'metrics' | 'logs'

/** How one signal reaches its collector, with every value settled. */
export interface Destination {
  readonly url: URL
  readonly protocol: Protocol
  readonly headers: () => Promise<Readonly<Record<string, string>>>
  readonly compression: 'gzip' | 'none'
  readonly tls: TlsOptions
  /** Milliseconds that one attempt may take. */
  readonly timeout: number
}

/** How spans or log lines are gathered. */
export interface Gathering {
  readonly delay: number
  readonly batch: number
  readonly queue: number
}

/** Everything that an exporter goes by. Durations are in milliseconds. */
export interface Settings {
  /** The signals that are sent, and where. */
  readonly destinations: ReadonlyMap<Signal, Destination>
  readonly spans: Gathering
  readonly logs: Gathering
  readonly interval: number
  readonly temporality: 'cumulative' | 'delta'
  readonly giveUpAfter: number
  readonly closeTimeout: number
  readonly resource: Readonly<Record<string, string | number | boolean>>
}

const signals: readonly Signal[] = ['traces', 'metrics', 'logs']
const protocols: readonly Protocol[] = ['http/protobuf', 'http/json', 'grpc']

/** Settles the options with the environment. Throws `TUTTI_OPTION_INVALID` for values that cannot be meant. */
export function settle(options: OpenTelemetryOptions): Settings {
  for (const key of Object.keys(options)) {
    if (key in optionNames) continue
    const known = Object.keys(optionNames).join(', ')
    throw new TuttiError('TUTTI_OPTION_UNKNOWN', `openTelemetry received the option ${JSON.stringify(key)}; known are ${known}.`)
  }
  const disabled = variable('OTEL_SDK_DISABLED')?.toLowerCase() === 'true'
  const sent = signals.filter((signal) => !disabled && (options[signal] ?? isWanted(signal)))
  return {
    destinations: new Map(sent.map((signal) => [signal, destination(signal, options)])),
    spans: gathering(options, 'OTEL_BSP', 5_000),
    logs: gathering(options, 'OTEL_BLRP', 1_000),
    interval: span(options.interval, 'interval') ?? countVariable('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000,
    temporality: temporalityOf(options),
    giveUpAfter: span(options.giveUpAfter ?? '5m', 'giveUpAfter'),
    closeTimeout: span(options.closeTimeout ?? '5s', 'closeTimeout'),
    resource: options.resource ?? {},
  }
}

function destination(signal: Signal, options: OpenTelemetryOptions): Destination {
  const protocol = options.protocol ?? otlpVariable(signal, 'PROTOCOL')?.value ?? 'http/protobuf'
  if (!isProtocol(protocol)) throw invalidOption(`the protocol ${JSON.stringify(protocol)}; wanted ${protocols.join(', ')}`)
  const compression = options.compression ?? otlpVariable(signal, 'COMPRESSION')?.value ?? 'none'
  if (compression !== 'gzip' && compression !== 'none')
    throw invalidOption(`the compression ${JSON.stringify(compression)}; wanted gzip or none`)
  return {
    url: address(signal, { protocol, given: options.url }),
    protocol,
    headers: headersOf(signal, options.headers),
    compression,
    tls: options.tls ?? tlsFiles(signal),
    timeout: span(options.timeout, 'timeout') ?? timeoutVariable(signal) ?? 10_000,
  }
}

function isProtocol(text: string): text is Protocol {
  return protocols.some((protocol) => protocol === text)
}

/** The URL is never shown: it may hold a password. */
function address(signal: Signal, { protocol, given }: { readonly protocol: Protocol; readonly given: string | undefined }): URL {
  const own = given === undefined ? variable(`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`) : undefined
  const base = given ?? variable('OTEL_EXPORTER_OTLP_ENDPOINT')
  const standard = `http://localhost:${protocol === 'grpc' ? 4317 : 4318}`
  // The address of one signal is meant as it stands, that of all signals is what their paths are added to.
  if (protocol === 'grpc') return parsed(withScheme(signal, own ?? base ?? standard))
  if (own !== undefined) return parsed(own)
  const url = parsed(base ?? standard)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/${signal}`
  return url
}

/** An address for gRPC may lack its scheme: then it is secure, unless the environment says otherwise. */
function withScheme(signal: Signal, endpoint: string): string {
  if (endpoint.includes('://')) return endpoint
  return `${otlpVariable(signal, 'INSECURE')?.value.toLowerCase() === 'true' ? 'http' : 'https'}://${endpoint}`
}

function parsed(text: string): URL {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol)) return url
  throw invalidOption('a text that is no address of a collector; wanted one such as http://collector:4318')
}

function headersOf(signal: Signal, given: OpenTelemetryOptions['headers']): Destination['headers'] {
  if (typeof given === 'function') return async () => given()
  const common = variable('OTEL_EXPORTER_OTLP_HEADERS')
  const name = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`
  const own = variable(name)
  const headers = given ?? {
    ...(common !== undefined && pairs({ name: 'OTEL_EXPORTER_OTLP_HEADERS', value: common })),
    ...(own !== undefined && pairs({ name, value: own })),
  }
  return () => Promise.resolve(headers)
}

function tlsFiles(signal: Signal): TlsOptions {
  const [ca, cert, key] = ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY'].map((name) => fileVariable(signal, name))
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) }
}

function fileVariable(signal: Signal, suffix: string): string | undefined {
  const found = otlpVariable(signal, suffix)
  if (found === undefined) return undefined
  try {
    return readFileSync(found.value, 'utf8')
  } catch (cause) {
    const message = `openTelemetry cannot read the file ${JSON.stringify(found.value)} that ${found.name} names.`
    throw new TuttiError('TUTTI_OPTION_INVALID', message, { cause })
  }
}

function timeoutVariable(signal: Signal): number | undefined {
  const found = otlpVariable(signal, 'TIMEOUT')
  return found === undefined ? undefined : countVariable(found.name)
}

function gathering(options: OpenTelemetryOptions, prefix: string, delay: number): Gathering {
  const queue = count(options.queue, 'queue') ?? countVariable(`${prefix}_MAX_QUEUE_SIZE`) ?? 8_192
  const batch = count(options.batch, 'batch') ?? countVariable(`${prefix}_MAX_EXPORT_BATCH_SIZE`) ?? 512
  return {
    queue,
    batch: Math.min(batch, queue),
    delay: span(options.delay, 'delay') ?? countVariable(`${prefix}_SCHEDULE_DELAY`) ?? delay,
  }
}

function count(value: number | undefined, name: string): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return value
  throw invalidOption(`${name}: ${String(value)}; wanted a whole number of 1 or more`)
}

function temporalityOf({ temporality }: OpenTelemetryOptions): Settings['temporality'] {
  const name = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE'
  const wanted = temporality ?? variable(name)?.toLowerCase() ?? 'cumulative'
  if (wanted === 'cumulative' || wanted === 'delta') return wanted
  // For the kinds of metrics that there are here it means the same as delta.
  if (wanted === 'lowmemory') return 'delta'
  throw invalidOption(`the temporality ${JSON.stringify(wanted)}; wanted cumulative or delta`)
}

/** The longest time that timers take. */
const longest = 2 ** 31 - 1

function span(duration: Duration, name: string): number
function span(duration: Duration | undefined, name: string): number | undefined
function span(duration: Duration | undefined, name: string): number | undefined {
  if (duration === undefined) return undefined
  const time = milliseconds(duration)
  if (time > 0 && time <= longest) return time
  throw invalidOption(`${name}: ${String(duration)}; wanted more than nothing, and 24 days at most`)
}
