// What the conditions of the contact list may be about, and the names that they are made of: fields, tags, people, kinds of things.
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { api, data } from '@/api/client'
import { tagsQuery, usersQuery } from '@/api/queries'
import type { CustomField } from '@/api/types'
import { useCustomFields } from '@/app/custom/fields'
import { useCan } from '@/app/me'
import { t } from '@/app/views/text'
import { type Field, list, type Option, ownFields, PAST, SET, TEXT } from '@/app/views/tree'

/** What a reader knows: people, tags and kinds by their names. */
export interface Names {
  fields: CustomField[]
  tags: Option[]
  members: Option[]
  kinds: Option[]
}

/** The fields of contacts as conditions know them. */
export function fieldsOf(names: Names): Field[] {
  const base = (key: string, ops: string[], options?: Option[], group: Field['group'] = 'base'): Field => ({
    key,
    label: t.fields[key]!,
    group,
    ops,
    options,
  })
  return [
    base('name', TEXT),
    base('company', [...TEXT.slice(0, 2), ...SET]),
    base('email', [...SET, 'contains', 'not_contains']),
    base('phone', SET),
    base('tag', ['any', 'all', 'none', ...SET], names.tags),
    base('status', ['is', 'is_not'], list(t.statuses)),
    base('owner', ['is', 'is_not', ...SET], [{ value: 'me', label: t.me }, { value: 'none', label: t.nobody }, ...names.members]),
    base('city', ['is', 'is_not', ...TEXT, ...SET]),
    base('postcode', ['starts_with', 'is', 'is_not', ...SET]),
    base('country', ['is', 'is_not']),
    base('kind', ['is'], list(t.kinds)),
    base('customer_kind', ['is', 'is_not'], list(t.customerKinds)),
    base('source', ['is', 'is_not', 'contains', 'not_contains', ...SET]),
    base(
      'language',
      ['is', 'is_not'],
      [
        { value: 'fr', label: 'Français' },
        { value: 'en', label: 'English' },
        { value: 'de', label: 'Deutsch' },
        { value: 'es', label: 'Español' },
        { value: 'it', label: 'Italiano' },
        { value: 'nl', label: 'Nederlands' },
      ],
    ),
    base('created', PAST, undefined, 'dates'),
    base('updated', PAST, undefined, 'dates'),
    base('activity', PAST, undefined, 'dates'),
    base('event', ['has', 'has_not'], list(t.events), 'deeds'),
    base('task', ['has', 'has_not'], undefined, 'deeds'),
    base('entity', ['has', 'has_not'], [...list(t.entityKinds), ...names.kinds], 'deeds'),
    ...ownFields(names.fields),
  ]
}

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
