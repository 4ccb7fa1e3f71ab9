import { runInContext, TuttiError, withinTime, type Context } from '../kernel/index.ts'
import { disabledSpan, payloadOf, type BoundCounter, type BoundHistogram, type Span } from '../observe/index.ts'
import type { Storage, Transaction } from '../storage/index.ts'
import type { Delivery } from './broker.ts'
import { Rejection, Requeue, verdicts, type ConsumeContext, type ConsumeHandler } from './consume-context.ts'
import type { Consuming } from './consume-options.ts'
import { MessageInvalidError, MessagingError } from './errors.ts'
import { handleOnce } from './inbox.ts'
import { readMessage, type ReceivedMessage } from './message.ts'
import type { MessengerSettings } from './messenger-options.ts'
import type { Topic } from './topic.ts'

/** Messages of a topic, how they are consumed, and by what. */
export interface Consumption {
  readonly topic: Topic
  readonly consuming: Consuming
  /** The data carries what the topic's schema gives: this is where the handler's own types end. */
  readonly handler: ConsumeHandler<never>
  /** Needed by the inbox and by dead letters. */
  readonly storage: Storage
  readonly settings: MessengerSettings
  readonly handled: BoundCounter
  readonly failed: BoundCounter
  readonly dead: BoundCounter
  readonly duration: BoundHistogram
}

/** What became of a message in one attempt. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** No further attempt will help. */
  | { readonly kind: 'dead'; readonly error: unknown }
  | { readonly kind: 'requeue'; readonly delay: number }

/** Handles one message once: decodes it, checks it, and calls the handler in its context, within its time. Never rejects. */
export async function handleMessage(
  consumption: Consumption,
  delivery: Delivery,
  { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { topic, consuming, settings } = consumption
  const { clock, tracer } = settings
  const begun = clock.monotonic()
  let span: Span = disabledSpan
  let isRead = false
  try {
    const { message, data } = readMessage(topic.name, delivery)
    const checked: unknown = await topic.check(data)
    isRead = true
    if (tracer.enabled) span = startSpan(consumption, message, data)
    const { timeout } = consuming
    await withinTime((ended) => call(consumption, { message, data: checked, attempt, signal: ended, span }), {
      clock,
      timeout,
      signal,
      timedOut: () => tookTooLong(consumption, timeout),
    })
    consumption.handled.add(1)
    return { kind: 'done' }
  } catch (error) {
    if (error instanceof Requeue) return { kind: 'requeue', delay: error.delay }
    consumption.failed.add(1)
    span.recordError(error)
    if (error instanceof Rejection) return { kind: 'dead', error: rejected(error) }
    return { kind: !isRead && isHopeless(error) ? 'dead' : 'failed', error }
  } finally {
    consumption.duration.record((clock.monotonic() - begun) / 1000)
    span.end()
  }
}

interface Call extends Pick<ConsumeContext, 'message' | 'data' | 'attempt' | 'signal'> {
  readonly span: Span
}

async function call(consumption: Consumption, one: Call): Promise<void> {
  const { consuming, settings, storage } = consumption
  if (!consuming.inbox) {
    await enter(consumption, one, undefined)
    return
  }
  const expires = Math.ceil(settings.clock.now() + settings.inboxRetention)
  await handleOnce(storage, { message: one.message, group: consuming.group, expires }, async (tx) => {
    await enter(consumption, one, tx)
    // Nobody waits for it any more: what it wrote must not take effect beside that of another attempt.
    one.signal.throwIfAborted()
  })
}

function enter({ handler, settings, consuming }: Consumption, { span, ...one }: Call, tx: Transaction | undefined): unknown {
  const { message, signal } = one
  const context: Context = {
    correlationId: message.correlationId,
    causationId: message.id,
    trace: span.context ?? message.trace,
    tenant: message.tenant,
    actor: message.actor,
    deadline: settings.clock.now() + consuming.timeout,
    signal,
  }
  const ctx: ConsumeContext<never> = { ...context, ...one, data: one.data as never, tx, log: settings.log, ...verdicts }
  return span.activate(() => runInContext(context, handler, ctx), undefined)
}

function startSpan({ topic, consuming, settings }: Consumption, { id, trace }: ReceivedMessage, data: unknown): Span {
  return settings.tracer.startSpan(`process ${topic.name}`, {
    kind: 'consumer',
    attributes: {
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic.name,
      'messaging.consumer.group.name': consuming.group,
      'messaging.message.id': id,
      ...(settings.tracer.payloads === true && { 'tutti.message.data': payloadOf(data) }),
    },
    ...(trace && { parent: trace }),
  })
}

/** Whether the same message would fail the same way for ever. */
function isHopeless(error: unknown): boolean {
  return error instanceof MessageInvalidError || (error instanceof MessagingError && error.code === 'TUTTI_MESSAGE_UNREADABLE')
}

function rejected(rejection: Rejection): MessagingError {
  return new MessagingError('TUTTI_MESSAGE_REJECTED', `The handler rejected the message: ${rejection.message}`, { cause: rejection.cause })
}

function tookTooLong({ topic, consuming }: Consumption, timeout: number): TuttiError {
  return new TuttiError(
    'TUTTI_TIMEOUT',
    `The handler of ${topic.name} in the group ${consuming.group} took longer than ${timeout} ms. Make it faster, or raise the timeout.`,
    { status: 504 },
  )
}
