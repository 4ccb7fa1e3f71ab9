/** One comparison of a suite: `ratio` is such that more is better, and is held against `target`. */
export interface Result {
  readonly name: string
  readonly ratio: number
  readonly target: number
  readonly ok: boolean
}

/** What a suite is run with. */
export interface RunOptions {
  /** Whether the run has to end within 50 seconds. */
  readonly quick: boolean
}

/** Measures, prints its tables and returns its comparisons. */
export type Suite = (options: RunOptions) => Promise<readonly Result[]>

/** Holds a ratio, more of which is better, against the least that is wanted. */
export function atLeast(name: string, ratio: number, target: number): Result {
  // Compared as it is shown, with three decimals.
  const shown = round(ratio)
  return { name, ratio: shown, target: round(target), ok: shown >= round(target) }
}

/** Prints a table: the first column to the left, the others to the right. */
export function printTable(title: string, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  console.log(`\n${title}\n${line(header)}\n${widths.map((width) => '-'.repeat(width)).join('  ')}`)
  for (const row of rows) console.log(line(row))
}

/** Prints the comparisons of a suite, if it has any. */
export function printResults(results: readonly Result[]): void {
  if (results.length === 0) return
  const rows = results.map(({ name, ratio, target, ok }) => [name, ratio.toFixed(3), target.toFixed(3), ok ? 'ok' : 'MISSED'])
  printTable('Targets: the ratio is to be at least the target', ['', 'ratio', 'target', ''], rows)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
