import { TuttiError } from 'tutti'

/** An option or a variable that cannot be meant. */
export function invalidOption(received: string): TuttiError {
  return new TuttiError('TUTTI_OPTION_INVALID', `openTelemetry received ${received}.`)
}

/** A variable of the environment; `undefined` where it is empty, which OpenTelemetry takes for unset. */
export function variable(name: string): string | undefined {
  const value = process.env[name]?.trim()
  return value === '' ? undefined : value
}

/** The variable of one signal, such as `OTEL_EXPORTER_OTLP_TRACES_HEADERS`, else the one for all signals. */
export function otlpVariable(signal: string, name: string): { readonly name: string; readonly value: string } | undefined {
  for (const one of [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`, `OTEL_EXPORTER_OTLP_${name}`]) {
    const value = variable(one)
    if (value !== undefined) return { name: one, value }
  }
  return undefined
}

/** A variable that holds a whole number of 1 or more. */
export function countVariable(name: string): number | undefined {
  const value = variable(name)
  if (value === undefined) return undefined
  const count = Number(value)
  if (Number.isSafeInteger(count) && count >= 1) return count
  throw invalidOption(`${JSON.stringify(value)} in ${name}; wanted a whole number of 1 or more`)
}

/** The pairs of a variable such as `key=value,other=value`, percent-encoded. They are never shown: headers hold keys. */
export function pairs({ name, value }: { readonly name: string; readonly value: string }): Record<string, string> {
  const found: Record<string, string> = {}
  for (const pair of value.split(',')) {
    if (pair.trim() === '') continue
    const equals = pair.indexOf('=')
    if (equals < 1) throw invalidOption(`something without a name or a value in ${name}; wanted key=value,other=value`)
    found[decoded(name, pair.slice(0, equals)).toLowerCase()] = decoded(name, pair.slice(equals + 1))
  }
  return found
}

function decoded(name: string, text: string): string {
  try {
    return decodeURIComponent(text.trim())
  } catch {
    throw invalidOption(`something in ${name} that is not percent-encoded; wanted "%25" for a percent sign`)
  }
}

/** Whether the environment leaves a signal on: `OTEL_TRACES_EXPORTER=none` and the like switch it off. */
export function isWanted(signal: string): boolean {
  const exporters = variable(`OTEL_${signal.toUpperCase()}_EXPORTER`)
  return exporters === undefined || exporters.split(',').some((exporter) => exporter.trim().toLowerCase() === 'otlp')
}
