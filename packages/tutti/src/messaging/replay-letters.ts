import { DocumentConflictError, LeaseLostError, type Document } from '../storage/index.ts'
import { deliveryOf, letterChange, letters, replayStatus, type LetterValue } from './dead-letters.ts'
import { handleMessage, type Consumption } from './handle-message.ts'

/** What a lease is longer than the handler may take, in milliseconds. */
const margin = 10_000

/** Handles again the dead letters that were asked for, some at a time, until there are none or the signal fires. */
export async function replayLetters(consumption: Consumption, signal: AbortSignal): Promise<void> {
  const { storage, settings, consuming, topic } = consumption
  const { clock, owner } = settings
  const status = replayStatus({ topic: topic.name, group: consuming.group })
  while (!signal.aborted) {
    const now = Math.floor(clock.now())
    const lease = consuming.timeout + margin
    const claimed = await storage.state.claim<LetterValue>(letters, { owner, lease, status, now, limit: consuming.concurrency })
    if (claimed.length === 0) return
    const ended = await Promise.allSettled(
      claimed.map(async (letter) => {
        try {
          await replayLetter(consumption, letter, signal)
        } catch (error) {
          // It was discarded meanwhile, or took so long that another process has it.
          if (!(error instanceof LeaseLostError) && !(error instanceof DocumentConflictError)) throw error
        }
      }),
    )
    const failed = ended.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}

async function replayLetter(consumption: Consumption, { key, value, epoch }: Document<LetterValue>, signal: AbortSignal): Promise<void> {
  const { storage, settings, consuming, topic } = consumption
  const attempt = value.attempts + 1
  const outcome = await handleMessage(consumption, deliveryOf(value), { attempt, signal })
  const now = Math.floor(settings.clock.now())
  if (outcome.kind === 'done') {
    await storage.state.delete(key, { epoch })
    return
  }
  if (outcome.kind === 'requeue' || signal.aborted) {
    const due = now + (outcome.kind === 'requeue' ? outcome.delay : 0)
    const status = replayStatus({ topic: topic.name, group: consuming.group })
    await storage.state.put(key, value, { epoch, status, due: Math.ceil(due), release: true })
    return
  }
  const { error } = outcome
  settings.log.error('A dead letter could not be handled again', { topic: topic.name, group: consuming.group, id: value.messageId, error })
  const name = { topic: topic.name, group: consuming.group }
  const after = letterChange(name, deliveryOf(value), { error, attempts: attempt, time: now })
  await storage.state.write([{ ...after, key, epoch, release: true }])
}
