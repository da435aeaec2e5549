import { pick } from '@/i18n'
import { fr } from './fr'

export const t = await pick(fr, async () => (await import('./en')).en)
