import type { Message, Question, Usage } from './protocol.ts'

/** In a server under test: tells the bench where it listens, answers its questions, and ends with it. */
export function announce(url: string): void {
  process.on('message', (question: Question) => {
    void answer(question)
  })
  // A bench that was killed leaves nothing behind.
  process.on('disconnect', () => process.exit())
  send({ url })
}

async function answer({ id, ask }: Question): Promise<void> {
  if (ask === 'collect') await collect()
  send({ id, usage: usage() })
}

async function collect(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('the server was started without --expose-gc')
  // What finalizers and timers let go of is only found by the next collection.
  for (let i = 0; i < 6; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { cpu: user + system, rss, heap: heapUsed, external }
}

function send(message: Message): void {
  if (process.send === undefined) throw new Error('this file is started by the bench: npm run bench')
  process.send(message)
}
