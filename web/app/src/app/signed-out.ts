import { queryClient } from '@/api/queries'

/** Written by the tab in which somebody signs out; the browser tells the others. */
export const SIGNED_OUT = 'vision.signed-out'

export function followSignOut() {
  window.addEventListener('storage', event => {
    if (event.key !== SIGNED_OUT) return
    queryClient.clear()
    location.assign('/connexion')
  })
}
