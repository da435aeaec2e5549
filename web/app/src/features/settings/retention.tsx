// How long the audit log is kept (GD-08).
import { Select } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, data, ifMatch } from '@/api/client'
import { tenantQuery } from '@/api/queries'
import { Card } from '@/ui/page'
import { toast, toastError } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

/** Half a year: what the CNIL recommends as a minimum. */
const RECOMMENDED = 180

export function Retention() {
  const client = useQueryClient()
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
  return (
    <Card title={t.retention}>
      <div className={classes.stack}>
        <Select
          label={t.retentionFor}
          description={t.retentionHint}
          data={choices}
          value={String(days)}
          disabled={save.isPending}
          allowDeselect={false}
          maw={320}
          onChange={value => value && Number(value) !== days && save.mutate(Number(value))}
        />
        {days < RECOMMENDED && <p className="muted small">{t.retentionShort}</p>}
      </div>
    </Card>
  )
}
