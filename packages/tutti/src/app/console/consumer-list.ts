import type { Backend } from '../backend.ts'
import { toWire } from './answer.ts'
import { notFound } from './asked.ts'
import type { ConsoleConsumer } from './contract.ts'

/** Who consumes which topics, and how far behind they are. */
export async function consumerList({ topics }: Backend): Promise<readonly ConsoleConsumer[]> {
  if (!topics.hasConsumers) return []
  return (await (await topics.messenger()).status()).map((status) => toWire(status))
}

/** Steers a consumer. Throws 404 for one that does not exist, and for what cannot be done to it. */
export async function steerConsumer(
  { topics }: Backend,
  name: { readonly topic: string; readonly group: string },
  action: string,
): Promise<void> {
  if (!topics.consumers.some(({ topic, group }) => topic === name.topic && group === name.group))
    throw notFound(`The consumer ${name.topic}/${name.group}`)
  const messenger = await topics.messenger()
  if (action === 'pause') await messenger.pause(name)
  else if (action === 'resume') await messenger.resume(name)
  else throw notFound(`The action ${JSON.stringify(action)}`)
}
