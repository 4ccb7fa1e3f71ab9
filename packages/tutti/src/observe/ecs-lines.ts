import { safeLine } from './log-destination.ts'
import type { LogDestination } from './logger.ts'
import type { LineWriter } from './pino-logger.ts'
import type { Plain, PlainRecord } from './plain-value.ts'

/** Which version of the Elastic Common Schema the lines follow. */
const ecsVersion = '8.11.0'

/** The names that the Elastic Common Schema has for fields of Tutti's own lines. */
const names: Readonly<Record<string, string>> = {
  app: 'service.name',
  component: 'log.logger',
  traceId: 'trace.id',
  spanId: 'span.id',
  actor: 'user.id',
  tenant: 'organization.id',
  requestId: 'http.request.id',
  method: 'http.request.method',
  path: 'url.path',
  status: 'http.response.status_code',
  ip: 'client.ip',
}

const nanosecondsPerMillisecond = 1_000_000

/** Lines as Elasticsearch takes them: the names of the Elastic Common Schema, and all other fields below `fields`. */
export function ecsLines(destination: LogDestination): LineWriter {
  return (level, message, fields) => {
    const line: Record<string, Plain> = {
      '@timestamp': new Date().toISOString(),
      'log.level': level,
      message,
      'ecs.version': ecsVersion,
    }
    // Names of the application's own might be objects in the schema, such as `host`: Elasticsearch would not take the line.
    const others: Record<string, Plain> = Object.create(null)
    for (const [name, value] of Object.entries(fields)) {
      const known = Object.hasOwn(names, name) ? names[name] : undefined
      if (known !== undefined && typeof value !== 'object') line[known] = value
      else if (name === 'error' && isRecord(value)) addError(line, value)
      else if (name === 'durationMs' && typeof value === 'number') line['event.duration'] = Math.round(value * nanosecondsPerMillisecond)
      else others[name] = value
    }
    if (Object.keys(others).length > 0) line['fields'] = others
    destination.write(safeLine(`${JSON.stringify(line)}\n`))
  }
}

function addError(line: Record<string, Plain>, { name, message, code, stack, ...more }: PlainRecord): void {
  const parts = { 'error.type': name, 'error.message': message, 'error.code': code, 'error.stack_trace': stack }
  for (const [part, value] of Object.entries(parts)) {
    if (value !== undefined) line[part] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  // Causes and details have no place in the schema, and a shape of their own each.
  if (Object.keys(more).length > 0) line['error.details'] = JSON.stringify(more)
}

function isRecord(value: Plain): value is PlainRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
