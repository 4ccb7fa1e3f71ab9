import { post } from '../api/client.ts'
import { asApiError } from '../api/problem.ts'
import { confirming, type Question } from './confirming.svelte.ts'
import { session } from './session.svelte.ts'
import { toasts } from './toasts.svelte.ts'

/** Something that a view changes. */
export interface Act {
  /** Of the API, such as `projections/orders/rebuild`. */
  readonly path: string
  readonly body?: unknown
  /** Asked once, before. */
  readonly question: Question
  /** Told after, such as "Rebuild started". */
  readonly done: string
}

/** Changes something: asks, does, and tells the outcome. What was answered, or `undefined` where it was not done. */
export async function act<T>({ path, body, question, done }: Act): Promise<T | undefined> {
  if (session.readonly) {
    toasts.show('The Console is read-only', { tone: 'bad', detail: 'The application was started with console: { readonly: true }.' })
    return undefined
  }
  if (!(await confirming.ask(question))) return undefined
  try {
    const answer = await post<T>(path, body)
    toasts.show(done, { tone: 'good' })
    return answer
  } catch (error) {
    const { message, advice } = asApiError(error)
    toasts.show(message, { tone: 'bad', detail: advice })
    return undefined
  }
}
