import { Checkbox } from '@mantine/core'
import type { Permission } from '@/api/types'
import classes from './settings.module.css'
import { t } from './text'

export const PERMISSIONS: { group: keyof typeof t.permissionGroups; keys: Permission[] }[] = [
  {
    group: 'contacts',
    keys: ['contacts.read', 'contacts.write', 'contacts.delete', 'contacts.export', 'contacts.import', 'views.share'],
  },
  { group: 'company', keys: ['company.manage', 'team.read', 'team.manage', 'roles.manage', 'audit.read', 'api_keys.manage'] },
  { group: 'tasks', keys: ['tasks.read', 'tasks.write'] },
  { group: 'sales', keys: ['catalog.read', 'catalog.write', 'orders.read', 'orders.write', 'orders.send'] },
  {
    group: 'billing',
    keys: [
      'invoices.read',
      'invoices.write',
      'invoices.issue',
      'payments.write',
      'billing.manage',
      'accounting.export',
      'accounting.manage',
    ],
  },
]

/** Nobody gives away a right that they do not hold; the server refuses it, so it is not offered. */
export function PermissionChecks({
  value,
  onChange,
  allowed,
}: {
  value: Permission[]
  onChange: (next: Permission[]) => void
  allowed: (permission: Permission) => boolean
}) {
  return PERMISSIONS.map(section => (
    <fieldset key={section.group} className={classes.fieldset}>
      <legend className="field-label">{t.permissionGroups[section.group]}</legend>
      <div className={classes.checks}>
        {section.keys.map(key => (
          <Checkbox
            key={key}
            label={t.permissions[key]}
            checked={value.includes(key)}
            disabled={!allowed(key)}
            onChange={event => onChange(event.currentTarget.checked ? [...value, key] : value.filter(other => other !== key))}
          />
        ))}
      </div>
    </fieldset>
  ))
}
