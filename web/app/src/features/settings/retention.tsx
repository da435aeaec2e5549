// How long the audit log is kept (GD-08).
import { Button, Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { tenantQuery } from '@/api/queries'
import { Dialog } from '@/ui/dialog'
import { toast, toastError } from '@/ui/toast'
import { t } from './text'

/** Half a year: what the CNIL recommends as a minimum. */
const RECOMMENDED = 180

export function Retention() {
  const client = useQueryClient()
  const [opened, setOpened] = useState(false)
  const { data: tenant } = useQuery(tenantQuery)
  const save = useMutation({
    mutationFn: async (days: number) =>
      data(api.PATCH('/tenant', { body: { audit_retention_days: days }, headers: ifMatch(tenant?.version ?? 0) })),
    onSuccess: saved => {
      client.setQueryData(tenantQuery.queryKey, saved)
      void client.invalidateQueries({ queryKey: ['audit'] })
      toast(t.retentionSaved)
    },
    onError: error => {
      void client.invalidateQueries({ queryKey: tenantQuery.queryKey })
      toastError(error)
    },
  })
  if (!tenant) return null
  const days = tenant.audit_retention_days
  const known = t.retentionChoices as Record<string, string>
  const choices = Object.entries(known).map(([value, label]) => ({ value, label }))
  if (!known[days]) choices.push({ value: String(days), label: t.retentionDays(days) })
  const kept = known[days] ?? t.retentionDays(days)
  return (
    <>
      <Button variant="subtle" size="compact-sm" onClick={() => setOpened(true)}>
        {t.retentionNow(kept)}
      </Button>
      <Dialog opened={opened} onClose={() => setOpened(false)} title={t.retention}>
        <Select
          label={t.retentionFor}
          description={t.retentionHint}
          data={choices}
          value={String(days)}
          disabled={save.isPending}
          allowDeselect={false}
          onChange={value => value && Number(value) !== days && save.mutate(Number(value))}
        />
        {days < RECOMMENDED && <p className="muted small">{t.retentionShort}</p>}
      </Dialog>
    </>
  )
}
