import type { ProjectionStatus, ProjectorDefinition } from '../../projections/index.ts'
import type { Backend } from '../backend.ts'
import { toWire } from './answer.ts'
import { notFound } from './asked.ts'
import type { ConsoleProjection } from './contract.ts'

/** Read models and subscriptions, and how far they have come. */
export async function projectionList({ readModels, stores }: Backend): Promise<readonly ConsoleProjection[]> {
  if (!readModels.isUsed) return []
  const [statuses, head] = await Promise.all([readModels.projector.status(), stores.write.events.head()])
  return readModels.definitions.map((definition) => {
    const status = statuses.find(({ name }) => name === definition.name) ?? withoutLag(definition, head)
    return { ...toWire(status), mode: modeOf(definition), types: [...definition.handlers.keys()], head }
  })
}

/** What is kept inline is never behind, and what is in memory is so in each process. */
function withoutLag(definition: ProjectorDefinition, head: number): ProjectionStatus {
  return {
    name: definition.name,
    kind: 'projection',
    state: 'running',
    version: 'version' in definition ? definition.version : 1,
    position: head,
    lag: { events: 0, milliseconds: 0 },
    segments: [],
    next: undefined,
    stoppedBy: undefined,
    deadLetters: 0,
  }
}

/** Steers a projection. Throws 404 for one that does not exist, and for what cannot be done to it. */
export async function steerProjection({ readModels }: Backend, name: string, action: string): Promise<void> {
  const definition = readModels.definitions.find((one) => one.name === name)
  if (definition === undefined) throw notFound(`The projection ${JSON.stringify(name)}`)
  const { projector } = readModels
  if (action === 'pause') return projector.pause(definition)
  if (action === 'resume') return projector.resume(definition)
  // A read model is built anew from the beginning either way; a subscription does everything again.
  if (action === 'reset' || action === 'rebuild') return projector.reset(definition)
  throw notFound(`The action ${JSON.stringify(action)}`)
}

function modeOf(definition: ProjectorDefinition): ConsoleProjection['mode'] {
  if (definition.kind === 'projection') return definition.mode
  return definition.kind === 'memory-projection' ? 'memory' : undefined
}
