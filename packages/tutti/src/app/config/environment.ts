import type { Setting } from './settings.ts'

interface Sources {
  /** What the files say. */
  readonly values: Readonly<Record<string, unknown>>
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The values of files with those of the environment over them. An empty variable counts as not set. */
export function readEnvironment(settings: readonly Setting[], { values, environment }: Sources): Record<string, unknown> {
  const result = structuredClone(values) as Record<string, unknown>
  for (const setting of settings) {
    const text = environment[setting.variable]
    if (text !== undefined && text !== '') assign(result, setting.path, convert(text, setting.types))
  }
  return result
}

/** The text as the schema's types want it; text that does not fit stays text, for the schema to refuse. */
function convert(text: string, types: readonly string[]): unknown {
  if (types.includes('string') || types.length === 0) return text
  if ((types.includes('number') || types.includes('integer')) && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  if (types.includes('boolean')) {
    if (/^(?:true|1|yes|on)$/i.test(text)) return true
    if (/^(?:false|0|no|off)$/i.test(text)) return false
  }
  if (types.includes('array') && !text.trimStart().startsWith('[')) return text.split(',').map((item) => item.trim())
  if (types.includes('array') || types.includes('object')) {
    try {
      return JSON.parse(text) as unknown
    } catch {
      return text
    }
  }
  return text
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = target
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(place, name) ? place[name] : undefined
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) place = next as Record<string, unknown>
    else {
      const created: Record<string, unknown> = {}
      define(place, name, created)
      place = created
    }
  }
  define(place, path.at(-1) as string, value)
}

/** Sets an own member whatever its name, `__proto__` included. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
}
