// The names that conditions are made of: fields, tags, people, kinds of things.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, data } from '@/api/client'
import { tagsQuery, usersQuery } from '@/api/queries'
import { useCustomFields } from '@/app/custom/fields'
import { useCan } from '@/app/me'
import { type Field, fieldsOf } from './tree'

/** Fields as conditions know them; undefined until their names are here. */
export function useFields(): Field[] | undefined {
  const can = useCan()
  const fields = useCustomFields('contact')
  const tags = useQuery(tagsQuery).data
  const team = can('team.read')
  const users = useQuery({ ...usersQuery, enabled: team }).data
  const kinds = useQuery({
    queryKey: ['entities', 'kinds'],
    queryFn: () => data(api.GET('/entity-kinds')),
    staleTime: 5 * 60_000,
  }).data
  return useMemo(() => {
    if (!tags || !kinds || (team && !users)) return undefined
    return fieldsOf({
      fields,
      tags: tags.map(tag => ({ value: tag.id, label: tag.name })),
      members: (users ?? []).map(user => ({ value: user.id, label: user.full_name })),
      kinds: kinds.own.map(kind => ({ value: kind.id, label: kind.name })),
    })
  }, [fields, tags, users, kinds, team])
}
