import { MediaQuery } from 'svelte/reactivity'

/** The window is as narrow as a phone. */
export const phone = new MediaQuery('(max-width: 720px)')
