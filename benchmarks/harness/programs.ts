import { join } from 'node:path'
import { withServers, type ServerProcess } from './server-process.ts'

/** Starts programs, by their files, each in a process of its own, and ends them whatever happens. */
export type WithPrograms = <Name extends string, T>(
  files: Readonly<Record<Name, string>>,
  work: (programs: Readonly<Record<Name, ServerProcess>>) => Promise<T>,
) => Promise<T>

/** What starts the programs of a folder; `titles` says what they are called, where that is not the name that they are given. */
export function programsIn(folder: string, titles: Readonly<Record<string, string>>): WithPrograms {
  return <Name extends string, T>(
    files: Readonly<Record<Name, string>>,
    work: (programs: Readonly<Record<Name, ServerProcess>>) => Promise<T>,
  ) => {
    const names = Object.keys(files) as Name[]
    const programs = names.map((name) => ({ name: titles[name] ?? name, file: join(folder, files[name]) }))
    return withServers(programs, (started) =>
      work(Object.fromEntries(names.map((name, i) => [name, started[i]])) as Record<Name, ServerProcess>),
    )
  }
}
