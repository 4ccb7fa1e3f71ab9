/**
 * Calls all of them. What one throws is nobody's to catch here: the write is committed, and its caller must not take it for failed. So it
 * becomes an uncaught exception, as with the listeners of an `EventTarget`.
 */
export function runListeners(listeners: Iterable<() => void>): void {
  for (const listener of listeners) {
    try {
      listener()
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
    }
  }
}
