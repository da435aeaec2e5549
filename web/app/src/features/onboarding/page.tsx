// Four short steps after sign-up. Each is saved when left, each can be skipped, and the server remembers where one stopped.
import { Button, UnstyledButton } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { ApiError } from '@/api/problem'
import { invitationsQuery, tenantQuery } from '@/api/queries'
import type { OnboardingStep, Tenant } from '@/api/types'
import { useCan, useMe } from '@/app/me'
import { CompanyFields, companyPatch, companyValues } from '@/app/tenant/company-fields'
import { InviteForm } from '@/app/tenant/invite-form'
import { ColourField, colourProblem, LogoField } from '@/app/tenant/look-fields'
import { roleName } from '@/app/text'
import { useForm } from '@/ui/form'
import { IconCheck, IconFile, IconUserPlus } from '@/ui/icons'
import { useTitle } from '@/ui/page'
import { Row, Rows } from '@/ui/rows'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { toastError } from '@/ui/toast'
import classes from './onboarding.module.css'
import { t } from './text'

const STEPS: OnboardingStep[] = ['company', 'look', 'team', 'import']

export function Onboarding() {
  useTitle(t.title)
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const tenant = useQuery(tenantQuery)
  const [chosen, setChosen] = useState<OnboardingStep>()

  if (tenant.isError) return <Failed error={tenant.error} retry={() => void tenant.refetch()} />
  if (!tenant.data) return <Loading />

  const step = chosen ?? tenant.data.onboarding_step ?? 'company'
  const at = STEPS.indexOf(step)

  const remember = async (body: { step?: OnboardingStep; completed?: boolean }) => {
    const saved = await data(api.PATCH('/tenant/onboarding', { body }))
    client.setQueryData(tenantQuery.queryKey, saved)
    void client.invalidateQueries({ queryKey: ['me'] })
    void client.invalidateQueries({ queryKey: ['home'] })
  }
  const goTo = (next: OnboardingStep) => {
    setChosen(next)
    // Moving on must not wait for, nor fail with, the bookmark.
    remember({ step: next }).catch(toastError)
  }
  const forward = () => {
    const next = STEPS[at + 1]
    if (next) goTo(next)
  }
  const finish = async (to: '/' | '/imports' | '/contacts') => {
    try {
      await remember({ completed: true })
      await navigate(to === '/contacts' ? { to, search: { nouveau: true } } : { to })
    } catch (error) {
      toastError(error)
    }
  }

  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <img src="/favicon.svg" alt="" width={28} height={28} />
        <strong className="truncate">{me.tenant.name}</strong>
        <Link to="/" className={classes.later}>
          {t.later}
        </Link>
      </header>
      <main className={classes.main}>
        <ol className={classes.steps} aria-label={t.stepOf(at + 1, STEPS.length)}>
          {STEPS.map((name, index) => (
            <li key={name} data-state={index < at ? 'done' : index === at ? 'now' : 'todo'}>
              <UnstyledButton onClick={() => goTo(name)} aria-current={index === at ? 'step' : undefined}>
                <span className={classes.number} aria-hidden>
                  {index < at ? <IconCheck size={14} stroke={3} /> : index + 1}
                </span>
                {t.steps[name]}
              </UnstyledButton>
            </li>
          ))}
        </ol>
        <div className={classes.card}>
          {step === 'company' && <CompanyStep tenant={tenant.data} onDone={forward} onSkip={forward} />}
          {step === 'look' && <LookStep tenant={tenant.data} onDone={forward} onSkip={forward} onBack={() => goTo('company')} />}
          {step === 'team' && <TeamStep onDone={forward} onBack={() => goTo('look')} />}
          {step === 'import' && <ImportStep onBack={() => goTo('team')} finish={finish} />}
        </div>
      </main>
    </div>
  )
}

function StepHead({ title, hint }: { title: string; hint: string }) {
  return (
    <div>
      <h1>{title}</h1>
      <p className="muted">{hint}</p>
    </div>
  )
}

function Foot({ onBack, onSkip, children }: { onBack?: () => void; onSkip?: () => void; children: ReactNode }) {
  return (
    <div className={classes.foot}>
      {onBack && (
        <Button variant="subtle" color="gray" onClick={onBack}>
          {t.back}
        </Button>
      )}
      <span className={classes.push} />
      {onSkip && (
        <Button variant="default" onClick={onSkip}>
          {t.skip}
        </Button>
      )}
      {children}
    </div>
  )
}

/** Saves to the company and survives somebody else having saved first. */
function useTenantSave(tenant: Tenant) {
  const client = useQueryClient()
  return async (body: Record<string, string | null>) => {
    if (!Object.keys(body).length) return
    try {
      const saved = await data(api.PATCH('/tenant', { body, headers: ifMatch(tenant.version) }))
      client.setQueryData(tenantQuery.queryKey, saved)
      void client.invalidateQueries({ queryKey: ['me'] })
    } catch (error) {
      if (error instanceof ApiError && error.code === 'stale_version')
        await client.invalidateQueries({ queryKey: tenantQuery.queryKey })
      throw error
    }
  }
}

function CompanyStep({ tenant, onDone, onSkip }: { tenant: Tenant; onDone: () => void; onSkip: () => void }) {
  const save = useTenantSave(tenant)
  const form = useForm({
    initial: companyValues(tenant),
    submit: async values => {
      await save(companyPatch(values, tenant))
      onDone()
    },
  })
  return (
    <form onSubmit={form.submit} noValidate className={classes.stack}>
      <StepHead title={t.companyTitle} hint={t.companyHint} />
      <FormBanner form={form} />
      <CompanyFields form={form} />
      <Foot onSkip={onSkip}>
        <Button type="submit" loading={form.busy}>
          {t.next}
        </Button>
      </Foot>
    </form>
  )
}

function LookStep({
  tenant,
  onDone,
  onSkip,
  onBack,
}: {
  tenant: Tenant
  onDone: () => void
  onSkip: () => void
  onBack: () => void
}) {
  const save = useTenantSave(tenant)
  const form = useForm({
    initial: { accent_color: tenant.accent_color ?? '' },
    check: values => {
      const problem = colourProblem(values.accent_color)
      return (problem ? { '/accent_color': problem } : {}) as Record<string, string>
    },
    submit: async values => {
      if (values.accent_color !== (tenant.accent_color ?? ''))
        await save({ accent_color: values.accent_color.toLowerCase() || null })
      onDone()
    },
  })
  return (
    <form onSubmit={form.submit} noValidate className={classes.stack}>
      <StepHead title={t.lookTitle} hint={t.lookHint} />
      <FormBanner form={form} />
      <LogoField tenant={tenant} />
      <ColourField
        value={form.values.accent_color}
        onChange={accent_color => form.set({ accent_color })}
        error={form.errors['/accent_color']}
      />
      <Foot onBack={onBack} onSkip={onSkip}>
        <Button type="submit" loading={form.busy}>
          {t.next}
        </Button>
      </Foot>
    </form>
  )
}

function TeamStep({ onDone, onBack }: { onDone: () => void; onBack: () => void }) {
  const can = useCan()
  const { data: invitations = [] } = useQuery({ ...invitationsQuery, enabled: can('team.manage') })
  return (
    <div className={classes.stack}>
      <StepHead title={t.teamTitle} hint={t.teamHint} />
      {can('team.manage') && <InviteForm />}
      {invitations.length > 0 && (
        <div className={classes.list}>
          <Rows label={t.teamSent}>
            {invitations.map(invitation => (
              <Row key={invitation.id} title={invitation.email} detail={roleName(invitation.role)} />
            ))}
          </Rows>
        </div>
      )}
      <Foot onBack={onBack}>
        <Button variant={invitations.length ? 'filled' : 'default'} onClick={onDone}>
          {invitations.length ? t.next : t.skip}
        </Button>
      </Foot>
    </div>
  )
}

function ImportStep({ onBack, finish }: { onBack: () => void; finish: (to: '/' | '/imports' | '/contacts') => Promise<void> }) {
  return (
    <div className={classes.stack}>
      <StepHead title={t.importTitle} hint={t.importHint} />
      <div className={classes.choices}>
        <UnstyledButton className={classes.choice} onClick={() => void finish('/imports')}>
          <IconFile size={24} stroke={1.6} aria-hidden />
          <strong>{t.importFile}</strong>
          <span className="muted small">{t.importFileHint}</span>
        </UnstyledButton>
        <UnstyledButton className={classes.choice} onClick={() => void finish('/contacts')}>
          <IconUserPlus size={24} stroke={1.6} aria-hidden />
          <strong>{t.firstContact}</strong>
          <span className="muted small">{t.firstContactHint}</span>
        </UnstyledButton>
      </div>
      <Foot onBack={onBack}>
        <Button onClick={() => void finish('/')}>{t.finish}</Button>
      </Foot>
    </div>
  )
}
