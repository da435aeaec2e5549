// The kind of things that a file holds, chosen once for the rows that do not say theirs.
import { Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { kindsQuery } from './queries'
import { t } from './text'

export function Kinds({ value, set }: { value: string; set: (kind: string) => void }) {
  const kinds = useQuery(kindsQuery)
  const builtin = kinds.data?.builtin.map(({ kind }) => ({ value: kind as string, label: t.kinds[kind] })) ?? []
  const own = kinds.data?.own.map(({ id, name }) => ({ value: id, label: name })) ?? []
  return (
    <Select
      label={t.entityKind}
      description={t.entityKindHint}
      data={[...builtin, ...own]}
      value={value}
      onChange={kind => kind && set(kind)}
      allowDeselect={false}
      maw={360}
    />
  )
}
