// What follows a successful sign-in: nothing of a previous person may remain in the cache.
import { useNavigate } from '@tanstack/react-router'
import { queryClient } from '@/api/queries'

export function useEnter() {
  const navigate = useNavigate()
  return async (to = '/') => {
    queryClient.clear()
    await navigate({ href: to, replace: true })
  }
}
