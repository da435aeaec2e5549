import type { EntityKind } from '@/api/types'
import { day } from '@/i18n/format'
import { IconBox, IconCar, IconHomeStats, IconPaw, IconTool, IconUser } from '@/ui/icons'
import { Tag } from '@/ui/tag'
import { t } from './text'

const ICONS = {
  vehicle: IconCar,
  animal: IconPaw,
  equipment: IconTool,
  property: IconHomeStats,
  patient: IconUser,
  custom: IconBox,
} as const

export function KindIcon({ kind, size = 18 }: { kind: EntityKind; size?: number }) {
  const Icon = ICONS[kind]
  return <Icon size={size} stroke={1.7} aria-hidden />
}

/** The day of the next technical inspection: late and soon are said in words, the tone only supports them. */
export function Inspection({ due }: { due: string }) {
  const left = (Date.parse(due) - Date.now()) / 86_400_000
  if (left < -1) return <Tag tone="bad">{t.overdue(day(due))}</Tag>
  if (left < 31) return <Tag tone="warn">{day(due)}</Tag>
  return day(due)
}
