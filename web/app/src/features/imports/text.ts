import type { Import } from '@/api/types'
import { pick } from '@/i18n'
import { fr } from './fr'

export const t = await pick(fr, async () => (await import('./en')).en)

/** What people call a field: their own word for fields of their own. */
export const fieldName = ({ fields, target }: Pick<Import, 'fields' | 'target'>, key: string) =>
  fields.find(field => field.key === key)?.label ??
  { contacts: t.fields, entities: t.entityFields, tasks: t.taskFields }[target][key] ??
  key.replace('custom.', '')
