import type { Announced } from '../notices/announce.ts';

export interface AnnouncingParts {
  /** Whether there is anybody to tell. */
  wanted(): boolean;
  announce(): Promise<readonly Announced[]>;
  onAnnounced(announced: Announced): void;
  /** Told when it could not even be found out what there is to tell. */
  onFailure(error: Error): void;
  /** How often it is looked without being asked, in milliseconds; default a minute. */
  readonly every?: number;
}

/** Sees to it that what there is to tell is told: when it is asked to, and now and then by itself. */
export interface Announcing extends Disposable {
  /** Something may have changed. Returns at once. */
  soon(): void;
}

/** Certificates run out and rosters grow stale without a run, and what could not be told waits for its next try. */
const EVERY = 60_000;

/** Starts looking. One look at a time: what changes during one is found by another right after it. */
export function startAnnouncing({ every = EVERY, ...parts }: AnnouncingParts): Announcing {
  let isLooking = false;
  let isAsked = false;
  let isOver = false;
  const look = async () => {
    isLooking = true;
    while (isAsked && !isOver) {
      isAsked = false;
      try {
        for (const one of await parts.announce()) parts.onAnnounced(one);
      } catch (error) {
        if (!isOver) parts.onFailure(error as Error);
      }
    }
    isLooking = false;
  };
  const soon = () => {
    if (isOver || !parts.wanted()) return;
    isAsked = true;
    if (!isLooking) void look();
  };
  const timer = setInterval(soon, every).unref();
  return {
    soon,
    [Symbol.dispose]() {
      isOver = true;
      clearInterval(timer);
    },
  };
}
