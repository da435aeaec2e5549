// The plans: one for consumers, one for businesses, each with its steps and their words.
import { ActionIcon, Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, data, ifMatch } from '@/api/client'
import { useCan } from '@/app/me'
import { day } from '@/i18n/format'
import { Refused, useForm } from '@/ui/form'
import { IconPlus, IconTrash } from '@/ui/icons'
import { Card, FormActions } from '@/ui/page'
import { Failed, FormBanner, Loading } from '@/ui/states'
import { Tag } from '@/ui/tag'
import { t as ui } from '@/ui/text'
import { toast, toastError } from '@/ui/toast'
import billing from '../billing.module.css'
import classes from './dunning.module.css'
import { type Plan, plansQuery, refreshReminders } from './queries'
import { t } from './text'

export function Plans() {
  const plans = useQuery(plansQuery)
  if (plans.isError) return <Failed error={plans.error} retry={() => void plans.refetch()} />
  if (plans.isPending) return <Loading />
  return plans.data.map(plan => <PlanCard key={`${plan.audience} ${plan.version}`} plan={plan} />)
}

function PlanCard({ plan }: { plan: Plan }) {
  const can = useCan()
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const change = async (body: { active?: boolean; include_existing?: boolean }) => {
    setBusy(true)
    try {
      await data(
        api.PATCH('/dunning-plans/{audience}', {
          params: { path: { audience: plan.audience } },
          body,
          headers: ifMatch(plan.version),
        }),
      )
      refreshReminders(client)
      toast(t.saved)
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  const manage = can('billing.manage')
  return (
    <Card
      title={t.plan[plan.audience]}
      actions={
        <>
          <Tag tone={plan.active ? 'good' : 'neutral'}>{plan.active ? t.planActive : t.planInactive}</Tag>
          {manage && (
            <Button
              size="compact-sm"
              variant={plan.active ? 'default' : 'filled'}
              loading={busy}
              aria-label={`${plan.active ? t.deactivate : t.activate} : ${t.plan[plan.audience]}`}
              onClick={() => void change({ active: !plan.active })}
            >
              {plan.active ? t.deactivate : t.activate}
            </Button>
          )}
        </>
      }
    >
      <div className={billing.stack}>
        <p className="muted">{plan.audience === 'consumer' ? t.consumerLaw : t.businessLaw}</p>
        {plan.active && plan.activated_on && (
          <p>{plan.include_existing ? t.activatedAll : t.activatedOn(day(plan.activated_on))}</p>
        )}
        <Checkbox
          label={t.includeExisting}
          description={t.includeHint}
          checked={plan.include_existing}
          disabled={!manage || busy}
          onChange={event => void change({ include_existing: event.currentTarget.checked })}
        />
        <Steps plan={plan} manage={manage} />
      </div>
    </Card>
  )
}

let count = 0
const keyed = (step: Plan['steps'][number]) => ({ ...step, offset_days: String(step.offset_days), key: ++count })

function Steps({ plan, manage }: { plan: Plan; manage: boolean }) {
  const client = useQueryClient()
  const form = useForm({
    initial: { steps: plan.steps.map(keyed) },
    shows: pointer => pointer.startsWith('/steps/'),
    submit: async values => {
      const wrong = Object.fromEntries(
        values.steps.flatMap((step, index) =>
          /^-?\d{1,3}$/.test(step.offset_days.trim()) ? [] : [[`/steps/${index}/offset_days`, t.requiredNumber]],
        ),
      )
      if (Object.keys(wrong).length) throw new Refused(wrong)
      const steps = values.steps.map(({ key: _, ...step }) => ({ ...step, offset_days: Number(step.offset_days) }))
      await data(
        api.PATCH('/dunning-plans/{audience}', {
          params: { path: { audience: plan.audience } },
          body: { steps },
          headers: ifMatch(plan.version),
        }),
      )
      refreshReminders(client)
      toast(t.saved)
    },
  })
  const { steps } = form.values
  const change = (index: number, part: Partial<(typeof steps)[number]>) =>
    form.set({ steps: steps.map((step, at) => (at === index ? { ...step, ...part } : step)) })
  return (
    <form onSubmit={form.submit} noValidate className={billing.stack}>
      <FormBanner form={form} />
      <fieldset disabled={!manage} className={billing.bare}>
        <ol className={classes.steps}>
          {steps.map((step, index) => (
            <li key={step.key} className={classes.step}>
              <TextInput
                label={t.days}
                inputMode="numeric"
                value={step.offset_days}
                error={form.errors[`/steps/${index}/offset_days`]}
                onChange={event => change(index, { offset_days: event.currentTarget.value })}
              />
              <NativeSelect
                label={t.channel}
                data={Object.entries(t.channels).map(([value, label]) => ({ value, label }))}
                value={step.channel ?? 'email'}
                onChange={event => change(index, { channel: event.currentTarget.value === 'letter' ? 'letter' : 'email' })}
              />
              <TextInput
                label={t.subject}
                maxLength={200}
                value={step.subject}
                error={form.errors[`/steps/${index}/subject`]}
                onChange={event => change(index, { subject: event.currentTarget.value })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                size={36}
                aria-label={`${t.removeStep} ${index + 1}`}
                onClick={() => form.set({ steps: steps.filter((_, at) => at !== index) })}
              >
                <IconTrash size={17} aria-hidden />
              </ActionIcon>
              <Textarea
                className={classes.wide}
                label={t.body}
                autosize
                minRows={3}
                maxRows={14}
                maxLength={5000}
                value={step.body}
                error={form.errors[`/steps/${index}/body`]}
                onChange={event => change(index, { body: event.currentTarget.value })}
              />
            </li>
          ))}
        </ol>
      </fieldset>
      <p className={`${classes.variables} small muted`}>
        {t.variables} :
        {plan.variables.map(name => (
          <code key={name}>{`{${name}}`}</code>
        ))}
      </p>
      {manage && (
        <FormActions>
          {steps.length < 8 && (
            <Button
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => form.set({ steps: [...steps, keyed({ offset_days: 15, channel: 'email', subject: '', body: '' })] })}
            >
              {t.addStep}
            </Button>
          )}
          <Button type="submit" loading={form.busy} disabled={!form.dirty}>
            {ui.save}
          </Button>
        </FormActions>
      )}
    </form>
  )
}
