import type { Io } from './io.ts'
import { Progress } from './progress.ts'

/** What a command prints: text for people, or JSON for programs. */
export class Output {
  readonly isJson: boolean
  readonly #io: Io

  constructor(io: Io, isJson: boolean) {
    this.#io = io
    this.isJson = isJson
  }

  /** Prints the answer of a command: one JSON value, or text. */
  answer(value: unknown, text: () => string): void {
    this.print(this.isJson ? JSON.stringify(value, undefined, 2) : text())
  }

  /** Prints one of many answers: a line of JSON, or text. */
  item(value: unknown, text: () => string): void {
    this.print(this.isJson ? JSON.stringify(value) : text())
  }

  /** Prints what people want to know beside the answer; programs are not told. */
  note(text: string): void {
    if (!this.isJson) this.#io.err.write(`${text}\n`)
  }

  print(text: string): void {
    this.#io.out.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
  }

  /** Shows how far long work has come, where somebody looks. */
  progress(label: string): Progress {
    return new Progress(this.isJson || this.#io.err.isTTY !== true ? undefined : this.#io.err, label)
  }
}

/** Lines with columns of equal width. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(headings), ...rows.map(line)].join('\n')
}

/** Facts, one in a line. */
export function facts(all: readonly (readonly [name: string, value: string | undefined])[]): string {
  const there = all.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(...there.map(([name]) => name.length))
  return there.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

/** A time as people read it. */
export function time(date: Date | undefined): string {
  return date === undefined ? '-' : date.toISOString().replace('T', ' ').replace('Z', '')
}

/** A number of things, such as `1 event` or `2 events`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`
}
