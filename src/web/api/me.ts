/** Who is signed in, and what that role may do: what it may not do is not offered. */
import { createContext, useContext } from 'react';
import type { Me } from '../../http/schemas/access.ts';

const RANK = { channel: 0, viewer: 1, operator: 2, admin: 3 } as const;

export const MeContext = createContext<Me>({ actor: '', role: 'viewer', channel: null });
export const useMe = (): Me => useContext(MeContext);

export function useMay(): (role: 'operator' | 'admin') => boolean {
  const { role } = useMe();
  return (needed) => RANK[role] >= RANK[needed];
}
