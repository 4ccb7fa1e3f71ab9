export interface Toast {
  readonly id: number
  readonly tone: 'good' | 'bad' | 'plain'
  readonly text: string
  readonly detail: string | undefined
}

/** How long a message stays; failures stay until they are closed. */
const SHOWN = 5_000

/** Short messages in the corner, read out by screen readers. */
class Toasts {
  list = $state.raw<readonly Toast[]>([])
  #last = 0

  show(text: string, options: { readonly tone?: Toast['tone']; readonly detail?: string | undefined } = {}): void {
    const toast: Toast = { id: ++this.#last, tone: options.tone ?? 'plain', text, detail: options.detail }
    this.list = [...this.list.slice(-3), toast]
    if (toast.tone !== 'bad') setTimeout(() => this.close(toast.id), SHOWN)
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id)
  }
}

export const toasts = new Toasts()
