import { pick } from '@/i18n'
import { fr } from './fr'

export const t = await pick(fr, async () => (await import('./en')).en)

/** Built-in roles are named in the reader's language, the company's own roles as it wrote them. */
export const roleName = (role: { key: string; name: string }) => t.roles[role.key] ?? role.name
