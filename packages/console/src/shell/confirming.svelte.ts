/** What the user is asked before something is changed. */
export interface Question {
  readonly title: string
  /** What will happen, in a sentence. */
  readonly text: string
  /** The word on the button, such as "Rebuild". */
  readonly action: string
  /** It cannot be undone. @default false */
  readonly danger?: boolean
}

class Confirming {
  question = $state.raw<Question>()
  #answer: ((yes: boolean) => void) | undefined

  ask(question: Question): Promise<boolean> {
    this.#answer?.(false)
    this.question = question
    return new Promise((resolve) => (this.#answer = resolve))
  }

  answer(yes: boolean): void {
    this.question = undefined
    this.#answer?.(yes)
    this.#answer = undefined
  }
}

export const confirming = new Confirming()
