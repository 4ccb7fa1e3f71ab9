interface Waiting<Question, Answer> {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** Questions that come while others are being answered are asked together; while none is, a question goes at once. */
export class ReadBatcher<Question, Answer> {
  readonly #ask: (questions: readonly Question[]) => Promise<readonly Answer[]>
  readonly #lanes: number
  readonly #most: number
  #queue: Waiting<Question, Answer>[] = []
  #active = 0
  #scheduled = false

  constructor(ask: (questions: readonly Question[]) => Promise<readonly Answer[]>, lanes: number, most: number) {
    this.#ask = ask
    this.#lanes = lanes
    this.#most = most
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ question, resolve, reject })
      if (this.#scheduled || this.#active >= this.#lanes) return
      this.#scheduled = true
      queueMicrotask(() => {
        this.#scheduled = false
        this.#flush()
      })
    })
  }

  #flush(): void {
    while (this.#active < this.#lanes && this.#queue.length > 0) {
      this.#active++
      void this.#answer(this.#queue.splice(0, this.#most))
    }
  }

  async #answer(batch: readonly Waiting<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.#ask(batch.map(({ question }) => question))
      for (const [i, { resolve }] of batch.entries()) resolve(answers[i] as Answer)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    } finally {
      this.#active--
      this.#flush()
    }
  }
}
