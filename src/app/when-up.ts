import type { Store } from '../store/contract.ts'

/** Waits for a store that is being connected to; false where that takes longer than so many ms. */
export function whenUp(store: Pick<Store, 'up' | 'onLink'>, ms: number): Promise<boolean> {
  if (store.up()) return Promise.resolve(true)
  return new Promise((resolve) => {
    const settle = (isUp: boolean) => {
      clearTimeout(timer)
      end()
      resolve(isUp)
    }
    const timer = setTimeout(() => settle(false), ms)
    const end = store.onLink((up) => {
      if (up) settle(true)
    })
  })
}
