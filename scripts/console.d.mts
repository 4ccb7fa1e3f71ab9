/** Whether the page stands ready, and is no older than its sources. */
export function isConsoleBuilt(root: string): boolean
/** Builds the page, unless another process has just done so. */
export function buildConsole(root: string): Promise<void>
