import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import { tenantQuery } from '@/api/queries'
import type { Tenant } from '@/api/types'
import { CompanyFields, companyPatch, companyValues } from '@/app/tenant/company-fields'
import { ColourField, colourProblem, LogoField } from '@/app/tenant/look-fields'
import { t as app } from '@/app/text'
import { setTimeZone } from '@/i18n/format'
import { useForm } from '@/ui/form'
import { Card, FormActions, useTitle } from '@/ui/page'
import { Banner, Failed, FormBanner, Loading } from '@/ui/states'
import { t as ui } from '@/ui/text'
import { toast } from '@/ui/toast'
import classes from './settings.module.css'
import { t } from './text'

export function CompanySettings() {
  useTitle(t.pages.entreprise)
  const tenant = useQuery(tenantQuery)
  const client = useQueryClient()
  const [stale, setStale] = useState(false)
  const [round, setRound] = useState(0)
  if (tenant.isError) return <Failed error={tenant.error} retry={() => void tenant.refetch()} />
  if (!tenant.data) return <Loading />

  const save = async (before: Tenant, body: Record<string, string | null>, message: string) => {
    setStale(false)
    try {
      const saved = await data(api.PATCH('/tenant', { body, headers: ifMatch(before.version) }))
      client.setQueryData(tenantQuery.queryKey, saved)
      setTimeZone(saved.time_zone)
      setRound(current => current + 1)
      void client.invalidateQueries({ queryKey: ['me'] })
      toast(message)
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'stale_version') throw error
      await tenant.refetch()
      setStale(true)
      setRound(current => current + 1)
    }
  }
  return (
    <>
      {stale && <Banner tone="warn">{app.company.stale}</Banner>}
      {/* A colleague's save arrives by itself, but must not wipe what is being typed: forms begin again only after a save of ours. */}
      <Identity key={`identity-${round}`} tenant={tenant.data} save={save} />
      <Look key={`look-${round}`} tenant={tenant.data} save={save} />
    </>
  )
}

interface PartProps {
  tenant: Tenant
  save: (before: Tenant, body: Record<string, string | null>, message: string) => Promise<void>
}

function Identity({ tenant: latest, save }: PartProps) {
  const [tenant] = useState(latest)
  const form = useForm({
    initial: companyValues(tenant),
    submit: async values => {
      const patch = companyPatch(values, tenant)
      if (Object.keys(patch).length) await save(tenant, patch, app.company.saved)
    },
  })
  return (
    <Card title={t.identity}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <CompanyFields form={form} full />
        <FormActions>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {ui.save}
          </Button>
        </FormActions>
      </form>
    </Card>
  )
}

function Look({ tenant, save }: PartProps) {
  const [base] = useState(tenant)
  const form = useForm({
    initial: { accent_color: base.accent_color ?? '' },
    check: values => {
      const problem = colourProblem(values.accent_color)
      return (problem ? { '/accent_color': problem } : {}) as Record<string, string>
    },
    submit: values => save(base, { accent_color: values.accent_color.toLowerCase() || null }, t.colourSaved),
  })
  return (
    <Card title={t.look}>
      <form onSubmit={form.submit} noValidate className={classes.stack}>
        <FormBanner form={form} />
        <LogoField tenant={tenant} />
        <ColourField
          value={form.values.accent_color}
          onChange={accent_color => form.set({ accent_color })}
          error={form.errors['/accent_color']}
        />
        <FormActions>
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {ui.save}
          </Button>
        </FormActions>
      </form>
    </Card>
  )
}
