/** Who is to be told. A listener that throws does not keep the others from hearing. */
export interface Listeners<News> {
  add(listener: (news: News) => void): () => void
  tell(news: News): void
}

export function createListeners<News>(): Listeners<News> {
  const listeners = new Set<{ readonly hear: (news: News) => void }>()
  return {
    add(hear) {
      const listener = { hear }
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    tell(news) {
      for (const listener of listeners) {
        try {
          listener.hear(news)
        } catch {
          // Its own affair.
        }
      }
    },
  }
}
