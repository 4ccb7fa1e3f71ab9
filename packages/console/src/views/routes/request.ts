/** A request as it is put together. */
export interface Draft {
  readonly method: string
  /** Of the route, with its parameters: `/orders/:id`. */
  readonly route: string
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** `undefined` where none is sent. */
  readonly body: unknown
}

const PARAMETER = /:(?<name>\w+)(?:\([^)]*\))?[?*+]?/g

/** The names of a route's parameters, and `*` where it takes any rest. */
export function parameterNames(route: string): readonly string[] {
  const names = [...route.matchAll(PARAMETER)].map((match) => match.groups?.['name'] ?? '')
  return route.endsWith('*') && !/:\w+\*$/.test(route) ? [...names, '*'] : names
}

/** The path with its parameters filled in, and the query. */
export function pathOf({ route, params, query }: Draft): string {
  const path = route
    .replaceAll(PARAMETER, (_, name: string) => encodeURIComponent(asText(params[name])))
    .replace(/\*$/, () => asText(params['*']).split('/').map(encodeURIComponent).join('/'))
  const search = searchOf(query).toString()
  return search === '' ? path : `${path}?${search}`
}

/** Lists repeat their key, and what is empty is left out. */
function searchOf(query: Draft['query']): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined && one !== null && one !== '') search.append(name, asText(one))
  return search
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What is sent, headers included: a body is JSON, a text with a media type of its own is sent as it is. */
export function sentOf(draft: Draft): { readonly headers: Readonly<Record<string, string>>; readonly body: string | undefined } {
  const { body } = draft
  if (body === undefined) return { headers: draft.headers, body: undefined }
  const hasType = Object.keys(draft.headers).some((name) => name.toLowerCase() === 'content-type')
  if (hasType && typeof body === 'string') return { headers: draft.headers, body }
  return { headers: hasType ? draft.headers : { ...draft.headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** A word that a shell takes as it is. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** The request as a call of curl. */
export function curlOf(draft: Draft, origin: string): string {
  const { headers, body } = sentOf(draft)
  const method = draft.method === 'GET' && body === undefined ? [] : [`-X ${draft.method}`]
  const lines = [
    ['curl', ...method, quoted(origin + pathOf(draft))].join(' '),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
  ]
  return lines.join(' \\\n  ')
}

/** The request as a test of `testApp`, that expects the status it was answered with. */
export function testOf(draft: Draft, status: number | undefined): string {
  const path = pathOf({ ...draft, query: {} })
  const options = {
    ...(Object.keys(draft.query).length > 0 && { query: draft.query }),
    ...(Object.keys(draft.headers).length > 0 && { headers: draft.headers }),
    ...(draft.body !== undefined &&
      (typeof draft.body === 'string' && sentOf(draft).body === draft.body ? { body: draft.body } : { json: draft.body })),
  }
  const given = Object.keys(options).length === 0 ? '' : `, ${asCode(options, 1)}`
  return `import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import { app } from '../src/app.ts'

it(${codeText(`${draft.method} ${draft.route}`)}, async () => {
  await using t = await testApp(app)
  const response = await t.${draft.method.toLowerCase()}(${codeText(path)}${given})
  expect(response.status).toBe(${status ?? 200})
})
`
}

const codeText = (text: string): string =>
  `'${JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`)}'`

/** A value as it is written in TypeScript. */
function asCode(value: unknown, depth: number): string {
  if (typeof value === 'string') return codeText(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const isList = Array.isArray(value)
  const parts = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) =>
      isList ? asCode(inner, depth + 1) : `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : codeText(key)}: ${asCode(inner, depth + 1)}`,
    )
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  if (parts.length === 0) return open + close
  const short = isList ? `[${parts.join(', ')}]` : `{ ${parts.join(', ')} }`
  if (short.length <= 80 && !short.includes('\n')) return short
  const indent = '  '.repeat(depth)
  return `${open}\n${parts.map((part) => `${indent}  ${part},\n`).join('')}${indent}${close}`
}
