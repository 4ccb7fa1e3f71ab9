import type { Command } from '../command.ts'
import { deadLetterCommands } from './dead-letters.ts'
import { doctor } from './doctor.ts'
import { eventCommands } from './events.ts'
import { generateCommands } from './generate.ts'
import { openapi, routes } from './http.ts'
import { newProject } from './new.ts'
import { projectionCommands } from './projections.ts'
import { runCommands } from './runs.ts'
import { scheduleCommands } from './schedules.ts'
import { dev, start } from './serve.ts'
import { storageCommands } from './storage.ts'

/** All commands, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  newProject,
  dev,
  start,
  doctor,
  ...generateCommands,
  routes,
  openapi,
  ...eventCommands,
  ...projectionCommands,
  ...runCommands,
  ...deadLetterCommands,
  ...scheduleCommands,
  ...storageCommands,
]
