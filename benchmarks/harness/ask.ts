import type { ServerProcess } from './server-process.ts'

/** Has a program under test do one of its tasks; the caller knows what that task gives. Rejects with the program's error where it fails. */
export async function ask<T>(program: ServerProcess, task: string, input: object = {}): Promise<T> {
  const response = await fetch(`${program.url}/${task}`, { method: 'POST', body: JSON.stringify(input) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${program.name} failed at ${task}: ${text}`)
  return JSON.parse(text) as T
}
