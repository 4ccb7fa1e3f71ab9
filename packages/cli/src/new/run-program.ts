import { spawn } from 'node:child_process'

/** How a program is run. */
export interface ProgramOptions {
  readonly cwd: string
  /** Shows what it prints, on the error output. @default false */
  readonly shown?: boolean
}

/** Runs a program to its end, without a shell. Resolves with whether it was there and ended well. */
export function runProgram(program: string, args: readonly string[], { cwd, shown = false }: ProgramOptions): Promise<boolean> {
  return new Promise((resolve) => {
    // On Windows npm and its like are scripts, which only a shell runs; the arguments are constants.
    const shell = process.platform === 'win32'
    const child = spawn(program, args, { cwd, shell, stdio: ['ignore', shown ? 2 : 'ignore', shown ? 2 : 'ignore'] })
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}
