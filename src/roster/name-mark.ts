import { hash } from 'node:crypto';

/** What stands for a username where something is kept of somebody who may be gone: of a fixed length, and not their name. */
export const markOfName = (username: string): string => hash('sha256', username);
