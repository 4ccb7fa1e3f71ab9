export type { BusOptions, HandleOptions, MessageHandler } from './bus.ts'
export type { MessageContext, MessageDeps, MessageMiddleware, MessageNeeds, MessageNext } from './message-context.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders.
export { Bus, type BusParts } from './bus.ts'
