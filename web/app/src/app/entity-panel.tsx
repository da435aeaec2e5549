// The door through which a contact's page shows what the contact owns: features do not know each other.
import { lazy, Suspense } from 'react'

const Panel = lazy(() => import('@/features/entities/panel').then(part => ({ default: part.EntityPanel })))

export function EntityPanel(props: { contact: { id: string; name: string }; editable: boolean }) {
  return (
    <Suspense>
      <Panel {...props} />
    </Suspense>
  )
}
