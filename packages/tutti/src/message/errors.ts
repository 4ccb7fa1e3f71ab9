import { TuttiError } from '../kernel/index.ts'

/** A message cannot be written or read. */
export class MessageError extends TuttiError {}
