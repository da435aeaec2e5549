// What a contact owns, on the contact's page.
import { Button } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useMe } from '@/app/me'
import { IconPlus } from '@/ui/icons'
import { Card } from '@/ui/page'
import { Failed, Loading } from '@/ui/states'
import classes from './entities.module.css'
import { KindIcon } from './marks'
import { countQuery, listQuery } from './queries'
import { t } from './text'

const CreateEntity = lazy(() => import('./form'))
const SHOWN = 6

export function EntityPanel({ contact, editable }: { contact: { id: string; name: string }; editable: boolean }) {
  const me = useMe()
  const [adding, setAdding] = useState(false)
  const filter = { contact: contact.id }
  const list = useInfiniteQuery(listQuery(filter))
  const total = useQuery(countQuery(filter)).data?.count ?? 0
  const rows = list.data?.pages[0]?.items.slice(0, SHOWN) ?? []
  const garage = me.tenant.trade === 'garage'
  return (
    <Card title={garage ? t.panel.garage : t.panel.other}>
      {list.isError && !rows.length ? (
        <Failed error={list.error} retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading lines={2} height={36} />
      ) : rows.length ? (
        <ul className={classes.things}>
          {rows.map(row => (
            <li key={row.id}>
              <KindIcon kind={row.kind} size={16} />
              <Link to="/biens/$id" params={{ id: row.id }} className="truncate">
                {row.display_name}
              </Link>
              {row.plate && <span className={classes.plate}>{row.plate}</span>}
              {row.mileage !== null && <span className={`${classes.end} muted small`}>{t.km(row.mileage)}</span>}
            </li>
          ))}
        </ul>
      ) : (
        <p className="muted">{t.panelEmpty}</p>
      )}
      {total > SHOWN && (
        <Link to="/biens" search={{ contact: contact.id }} className="small">
          {t.panelAll(total)}
        </Link>
      )}
      {editable && (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => setAdding(true)}
        >
          {garage ? t.add.vehicle : t.add.thing}
        </Button>
      )}
      <Suspense>{adding && <CreateEntity contact={contact} onClose={() => setAdding(false)} />}</Suspense>
    </Card>
  )
}
