import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError } from './command-error.ts'

/** A place in a source file. */
interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** An error as programs read it. */
export function errorValue(error: unknown): { readonly code?: string; readonly message: string } {
  const code = codeOf(error)
  return { ...(code !== undefined && { code }), message: messageOf(error) }
}

/**
 * An error as people read it: the message, and the line of their own sources that it comes from, without frames of libraries. What the
 * command line or the application says by itself needs no place.
 */
export async function errorText(error: unknown): Promise<string> {
  if (error instanceof CommandError) {
    const { cause } = error
    return cause === undefined ? error.message : `${error.message}\n\n${await errorText(cause)}`
  }
  const code = codeOf(error)
  const name = error instanceof Error && error.name !== 'Error' && code === undefined ? `${error.name}: ` : ''
  const lines = [`${name}${messageOf(error)}${code === undefined ? '' : ` (${code})`}`]
  const places = error instanceof Error ? ownPlaces(error.stack ?? '') : []
  const [first, ...others] = places
  if (first !== undefined) lines.push('', `  ${shown(first)}`, ...(await excerpt(first)), ...others.map((place) => `  ${shown(place)}`))
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error) lines.push('', `Because: ${await errorText(cause)}`)
  return lines.join('\n')
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The frames of a stack that are the user's own; a syntax error has its place in the first line. */
function ownPlaces(stack: string): readonly Place[] {
  const lines = stack.split('\n')
  const found = lines.flatMap((line, i): readonly Place[] => {
    const match = /(?<![\w:])(?<file>file:\/\/[^\s)]+?|\/[^\s():]+):(?<line>\d+)(?::(?<column>\d+))?\)?$/.exec(line)
    const { file = '', line: at = '', column = '1' } = match?.groups ?? {}
    if (match === null || (i > 0 && !line.trimStart().startsWith('at '))) return []
    const path = file.startsWith('file:') ? fileURLToPath(file.replace(/[?#].*/, '')) : file
    return isOwn(path) ? [{ file: path, line: Number(at), column: Number(column) }] : []
  })
  return found.slice(0, 5)
}

const tuttiSources = /[/\\]packages[/\\](?:tutti|cli)[/\\](?:src|bin|dist)[/\\]/

function isOwn(path: string): boolean {
  return !/[/\\]node_modules[/\\]/.test(path) && !tuttiSources.test(path)
}

function shown({ file, line, column }: Place): string {
  const path = relative(process.cwd(), file)
  return `${path.startsWith('..') ? file : path}:${line}:${column}`
}

async function excerpt({ file, line, column }: Place): Promise<readonly string[]> {
  try {
    const source = (await readFile(file, 'utf8')).split('\n')[line - 1]
    return source === undefined || source.length > 300
      ? []
      : ['', `  ${line} | ${source}`, `  ${' '.repeat(String(line).length)} | ${' '.repeat(column - 1)}^`, '']
  } catch {
    return []
  }
}
