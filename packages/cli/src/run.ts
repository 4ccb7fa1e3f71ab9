import { exitCodes } from './command-error.ts'
import { errorText, errorValue } from './error-text.ts'
import { processIo, type Io } from './io.ts'
import { parseAndExecute } from './program.ts'

/** Runs one command line, without `node` and `tutti` in front. Resolves with the exit code. */
export async function run(argv: readonly string[], io: Io = processIo()): Promise<number> {
  try {
    return await parseAndExecute(argv, io)
  } catch (error) {
    const isJson = argv.includes('--json')
    io.err.write(`${isJson ? JSON.stringify({ error: errorValue(error) }) : await errorText(error)}\n`)
    return typeof error === 'object' && error !== null && 'exitCode' in error && error.exitCode === exitCodes.usage
      ? exitCodes.usage
      : exitCodes.failed
  }
}
