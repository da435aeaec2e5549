import { useSuspenseQuery } from '@tanstack/react-query'
import { meQuery } from '@/api/queries'
import type { Permission } from '@/api/types'

/** Present in every screen behind the login: the router loads it first. */
export const useMe = () => useSuspenseQuery(meQuery).data

export function useCan(): (permission: Permission) => boolean {
  const { role } = useMe()
  return permission => role.permissions.includes(permission)
}

export const logoUrl = (hasLogo: boolean, stamp?: number | string) =>
  hasLogo ? `/api/v1/tenant/logo${stamp ? `?v=${stamp}` : ''}` : undefined
