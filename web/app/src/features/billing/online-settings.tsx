// How the company is paid online: its account at the provider.
import { Button } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, data } from '@/api/client'
import type { PaymentAccount } from '@/api/types'
import { useCan } from '@/app/me'
import { Confirm } from '@/ui/dialog'
import { Card, FormActions, useTitle } from '@/ui/page'
import { Banner, Failed, Loading } from '@/ui/states'
import { toast, toastError } from '@/ui/toast'
import classes from './billing.module.css'
import { paymentAccountQuery } from './queries'
import { t } from './text'

const STATES: Record<string, { tone: 'good' | 'warn' | 'info' }> = {
  ready: { tone: 'good' },
  restricted: { tone: 'warn' },
  onboarding: { tone: 'warn' },
  disconnected: { tone: 'info' },
  none: { tone: 'info' },
}

export function OnlineSettings() {
  useTitle(t.onlineSettings)
  const client = useQueryClient()
  const can = useCan()
  const account = useQuery(paymentAccountQuery)
  const [busy, setBusy] = useState(false)
  const [cutting, setCutting] = useState(false)
  const manages = can('billing.manage')
  // Who comes back from the provider sees what it says now, without waiting for its message.
  const returned = new URLSearchParams(window.location.search).has('retour')
  useEffect(() => {
    if (!returned || !manages) return
    data(api.POST('/payment-account/refresh', {})).then(
      seen => client.setQueryData(paymentAccountQuery.queryKey, seen),
      error => toastError(error),
    )
  }, [client, returned, manages])
  if (account.isError && !account.data) return <Failed error={account.error} retry={() => void account.refetch()} />
  if (!account.data) return <Loading />
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await work()
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  const connect = () =>
    run(async () => {
      const { url } = await data(api.POST('/payment-account/connect', {}))
      window.location.assign(url)
    })
  const refresh = () =>
    run(async () => {
      client.setQueryData(paymentAccountQuery.queryKey, await data(api.POST('/payment-account/refresh', {})))
      toast(t.accountRefreshed)
    })
  return (
    <>
      {!account.data.live && account.data.provider !== 'none' && (
        <Banner tone="warn">{account.data.provider === 'local' ? t.localProvider : t.testMode}</Banner>
      )}
      <Card title={t.onlineSettings}>
        <div className={classes.stack}>
          <p>{t.onlineAbout}</p>
          {account.data.provider === 'none' ? <Banner tone="info">{t.noProvider}</Banner> : <Account account={account.data} />}
          {manages && account.data.provider !== 'none' && (
            <FormActions>
              {['restricted', 'onboarding', 'ready'].includes(account.data.state) && (
                <>
                  <Button variant="subtle" color="gray" onClick={() => setCutting(true)}>
                    {t.disconnect}
                  </Button>
                  <Button variant="default" loading={busy} onClick={() => void refresh()}>
                    {t.refreshAccount}
                  </Button>
                </>
              )}
              {account.data.state !== 'ready' && (
                <Button loading={busy} onClick={() => void connect()}>
                  {account.data.state === 'none' || account.data.state === 'disconnected' ? t.connect : t.continueOnboarding}
                </Button>
              )}
            </FormActions>
          )}
        </div>
      </Card>
      {cutting && (
        <Confirm
          opened
          title={t.disconnectTitle}
          verb={t.disconnect}
          onClose={() => setCutting(false)}
          run={async () => {
            client.setQueryData(paymentAccountQuery.queryKey, await data(api.DELETE('/payment-account', {})))
            toast(t.disconnected)
          }}
        >
          {t.disconnectBody}
        </Confirm>
      )}
    </>
  )
}

function Account({ account }: { account: PaymentAccount }) {
  return (
    <>
      <Banner tone={(STATES[account.state] ?? { tone: 'info' }).tone}>{t.accountStates[account.state] ?? account.state}</Banner>
      {account.state !== 'none' && (
        <dl className={classes.facts}>
          <div>
            <dt>{t.provider}</dt>
            <dd>{t.providers[account.provider] ?? account.provider}</dd>
          </div>
          <div>
            <dt>{t.accountId}</dt>
            <dd className="mono">{account.account_id}</dd>
          </div>
          <div>
            <dt>{t.charges}</dt>
            <dd>{account.charges_enabled ? t.yes : t.no}</dd>
          </div>
          <div>
            <dt>{t.payouts}</dt>
            <dd>{account.payouts_enabled ? t.yes : t.no}</dd>
          </div>
          {account.currently_due.length > 0 && account.state !== 'disconnected' && (
            <div>
              <dt>{t.currentlyDue}</dt>
              <dd>{account.currently_due.map(one => t.requirements[one] ?? one).join(', ')}</dd>
            </div>
          )}
        </dl>
      )}
    </>
  )
}
