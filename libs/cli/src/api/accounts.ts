// Accounts as the admin API answers them.

export interface Organisation {
  id: string;
  name: string;
}

export interface Team {
  organisationId: string;
  id: string;
  name: string;
  costCentre: string;
  userCount: number;
  keyCount: number;
}

export interface User {
  organisationId: string;
  id: string;
  teamId: string;
  name: string;
  keyCount: number;
}

export interface Key {
  id: string;
  name: string;
  organisationId: string;
  teamId: string;
  userId: string;
  tags: Record<string, string>;
  metadata: Record<string, string>;
  allowedModels: string[];
  allowedRoutes: string[];
  allowedSurfaces: string[];
  maxOutputTokensDefault: number | null;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  previousSecretUntil: string | null;
}

export interface IssuedKey {
  /** The whole key: it is told this one time. */
  secretKey: string;
  key: Key;
}

export interface AdminKey {
  id: string;
  name: string;
  role: string;
  organisationId: string;
  createdAt: string;
  expiresAt: string | null;
  revokedAt: string | null;
  previousSecretUntil: string | null;
}

export interface IssuedAdminKey {
  secretKey: string;
  adminKey: AdminKey;
}
