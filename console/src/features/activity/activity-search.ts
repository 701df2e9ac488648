/** What the address says about the activity screen. */
export interface ActivitySearch {
  readonly tab?: 'security';
}

export function readActivitySearch({ tab }: Record<string, unknown>): ActivitySearch {
  return tab === 'security' ? { tab } : {};
}
